import { lstat, open, readFile, stat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { PipelineError } from "../../errors.ts";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { preparePrivateFolder } from "./ipc-owner.ts";

/** How long a socket at the path may take to answer, in ms. */
const PROBE_MS = 1000;

/** How long another role may take to bind the same path, in ms. */
const LOCK_MS = 2000;

/** How old a lock without a process id may be, in ms: an id is written in one of these. */
const UNWRITTEN_MS = 1000;

/**
 * Binds an ipc path that is free, or was left behind. libzmq would remove whatever is there, a live peer's socket or a user's
 * file: only a socket of this user's that nobody listens on is removed. A lock file beside it keeps two roles that start at
 * once from taking the path from each other. Only this user may connect.
 *
 * @throws PipelineError `ADDRESS_IN_USE` when somebody listens, `IPC_PATH_OCCUPIED` when it is anything else, and
 *   `IPC_PATH_UNSAFE` when the private folder that it is in is another user's.
 */
export async function bindIpcPath(path: string, bind: () => void): Promise<void> {
  await preparePrivateFolder(path);
  const lock = `${path}.lock`;
  await takeLock(lock, path);
  try {
    await claim(path);
    bindPrivately(bind);
  } finally {
    await unlink(lock);
  }
}

/** The socket's file has the mode 0600 from its first moment on: setting it later would leave a gap. */
function bindPrivately(bind: () => void): void {
  if (!isMainThread) return bind(); // a thread cannot set the mask: the process's mask counts
  const mask = process.umask(0o177);
  try {
    bind();
  } finally {
    process.umask(mask);
  }
}

/** The file of an ipc endpoint. */
export function ipcPath({ bindAddress }: EndpointAddress): string {
  return bindAddress.slice("ipc://".length);
}

async function takeLock(lock: string, path: string): Promise<void> {
  const deadline = performance.now() + LOCK_MS;
  for (;;) {
    try {
      const file = await open(lock, "wx");
      await file.writeFile(String(process.pid));
      return await file.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (performance.now() > deadline) {
      const endpoint = `ipc://${path}`;
      const message = `Endpoint "${endpoint}" is being bound by another role (its lock is ${JSON.stringify(lock)})`;
      throw new PipelineError("ADDRESS_IN_USE", message, { endpoint });
    }
    if (await isStale(lock)) await unlink(lock).catch(ignoreMissing);
    else await sleep(10);
  }
}

/** Whether the process that made a lock is gone. */
async function isStale(lock: string): Promise<boolean> {
  const pid = Number(await readFile(lock, "utf8").catch(() => ""));
  if (!(pid > 0)) {
    // It is just being written, or was just removed; later, its process was killed before it wrote its id.
    const made = await stat(lock).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs > UNWRITTEN_MS;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

async function claim(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new PipelineError("BIND_FAILED", `Path ${JSON.stringify(path)} cannot be examined: ${error.code}`, {
      endpoint: `ipc://${path}`,
      cause: error,
    });
  });
  if (found === undefined) return;
  const endpoint = `ipc://${path}`;
  const occupied = (what: string) =>
    new PipelineError("IPC_PATH_OCCUPIED", `Path ${JSON.stringify(path)} ${what}; it is left alone`, {
      endpoint,
    });
  if (!found.isSocket()) throw occupied("holds something that is not a socket");
  if (process.getuid !== undefined && found.uid !== process.getuid())
    throw occupied("holds another user's socket");
  const answer = await probe(path);
  if (answer === "listening") {
    throw new PipelineError("ADDRESS_IN_USE", `Endpoint "ipc://${path}" is bound by another process`, {
      endpoint,
    });
  }
  if (answer !== "ECONNREFUSED") throw occupied(`holds a socket that cannot be probed (${answer})`);
  await unlink(path);
}

/** Removes the socket file of a closed listener, where libzmq has not. */
export async function releaseIpcPath(path: string): Promise<void> {
  await unlink(path).catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

function probe(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(done, PROBE_MS, "no answer");
    socket.once("connect", () => done("listening"));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? "unknown error"));
  });
}
