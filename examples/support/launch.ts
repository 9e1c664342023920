// Starts the processes of an example, and sees to it that all of them end.
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

export interface RunningProgram {
  readonly child: ChildProcess;
  /** Rejects when it fails, or is killed. */
  readonly ended: Promise<void>;
}

/** How long the processes may take, in ms: an example never hangs. */
const DEADLINE = 10 * 60_000;

/**
 * Gives the action a way to start programs in a folder, where their ipc endpoints are. What still runs when it is over is
 * killed.
 *
 * @throws Error when a program fails and the action waits for it, and whatever the action throws.
 */
export async function withPrograms<T>(
  folder: string,
  action: (start: (program: Program) => RunningProgram) => Promise<T>,
): Promise<T> {
  // Found from here, not from the folder the processes run in.
  const loader = import.meta.resolve("tsx");
  const children: ChildProcess[] = [];
  const endAll = () => {
    for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  };
  const deadline = setTimeout(endAll, DEADLINE);
  const start = ({ file, args = [] }: Program): RunningProgram => {
    const path = fileURLToPath(file);
    const child = spawn(process.execPath, ["--import", loader, path, ...args], {
      cwd: folder,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    children.push(child);
    const ended = new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`${path} ended with ${signal ?? `exit code ${code}`}`));
      });
    });
    ended.catch(() => {}); // reported to who waits for it
    return { child, ended };
  };
  try {
    return await action(start);
  } finally {
    clearTimeout(deadline);
    endAll();
  }
}

/**
 * Runs the programs side by side until all of them have ended by themselves.
 *
 * @throws Error when one of them fails; the others are ended then.
 */
export async function launch(programs: readonly Program[], folder: string): Promise<void> {
  await withPrograms(folder, async (start) => {
    await Promise.all(programs.map((program) => start(program).ended));
  });
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
