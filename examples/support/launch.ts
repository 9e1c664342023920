// Starts the processes of an example, and makes sure that all of them end.
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
  /** Rejects when the process fails or is killed. */
  readonly ended: Promise<void>;
}

/** The exit code of a role that SIGTERM has stopped. */
const TERMINATED = 143;

/** Longest run of the processes: an example never hangs. */
const DEADLINE_MS = 10 * 60_000;

/**
 * Calls the action with a function that starts programs in the folder: the addresses of their ipc endpoints are relative to it.
 * Programs that still run when the action ends are killed.
 *
 * @throws Error when a program fails and the action waits for it, and what the action throws.
 */
export async function withPrograms<T>(
  folder: string,
  action: (start: (program: Program) => RunningProgram) => Promise<T>,
): Promise<T> {
  // Resolved from this file, because the processes run in another folder.
  const loader = import.meta.resolve("tsx");
  const children: ChildProcess[] = [];
  const endAll = () => {
    for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  };
  const deadline = setTimeout(endAll, DEADLINE_MS);
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
        const isStopped = child.killed && code === TERMINATED; // it was asked to end, and did so in order
        if (code === 0 || isStopped) resolve();
        else reject(new Error(`${path} ended with ${signal ?? `exit code ${code}`}`));
      });
    });
    ended.catch(() => {}); // the action gets the error where it awaits `ended`
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

/** Calls the action with the path of a new, empty folder, and removes the folder afterwards. */
export async function inTempFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "zmqpipeline-"));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
