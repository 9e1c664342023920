// Starts the processes of an example and waits until all of them have ended by themselves.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Program {
  /** The file to run. */
  readonly file: URL;
  readonly args?: readonly string[];
}

/** How long the processes may take, in ms: an example never hangs. */
const DEADLINE = 10 * 60_000;

/**
 * Runs the programs side by side in a folder, where their ipc endpoints are.
 *
 * @throws Error when one of them fails; the others are ended then.
 */
export async function launch(programs: readonly Program[], folder: string): Promise<void> {
  // Found from here, not from the folder the processes run in.
  const loader = import.meta.resolve("tsx");
  const children: ChildProcess[] = [];
  const endAll = () => {
    for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  };
  const deadline = setTimeout(endAll, DEADLINE);
  try {
    await Promise.all(
      programs.map(async ({ file, args = [] }) => {
        const path = fileURLToPath(file);
        const child = spawn(process.execPath, ["--import", loader, path, ...args], {
          cwd: folder,
          stdio: "inherit",
        });
        children.push(child);
        const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
          child.once("error", reject);
          child.once("exit", (...how) => resolve(how));
        });
        if (code !== 0) throw new Error(`${path} ended with ${signal ?? `exit code ${code}`}`);
      }),
    );
  } finally {
    clearTimeout(deadline);
    endAll();
  }
}

/** Gives the action an empty folder, and removes it afterwards. */
export async function inTempFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "zmqpipeline-"));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
