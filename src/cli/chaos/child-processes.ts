import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The ids of a process's children whose command line names the library's worker process. */
export async function workersBelow(pid: number): Promise<readonly number[]> {
  const { stdout } = await execute("ps", ["-A", "-o", "pid=,ppid=,args="], {
    timeout: 10_000,
    maxBuffer: 64 << 20,
  });
  const rows = stdout.split("\n").flatMap((line) => {
    const [, id, parent, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return id === undefined ? [] : [{ id: Number(id), parent: Number(parent), args }];
  });
  const below = new Set([pid]);
  // Parents may stand behind their children.
  for (let size = 0; size < below.size; ) {
    size = below.size;
    for (const { id, parent } of rows) if (below.has(parent)) below.add(id);
  }
  const titles = /zmqpipeline worker|process-entry/;
  return rows.filter(({ id, args }) => id !== pid && below.has(id) && titles.test(args)).map(({ id }) => id);
}
