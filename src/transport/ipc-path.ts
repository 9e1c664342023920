import { chmod, lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { PipelineError } from "../errors.ts";

/** How long a socket at the path may take to answer, in ms. */
const PROBE_MS = 1000;

/**
 * Makes an ipc path free to be bound. libzmq would remove whatever is there, a live peer's socket or a user's file: only a
 * socket of this user's that nobody listens on is removed.
 *
 * @throws PipelineError `ADDRESS_IN_USE` when somebody listens, `IPC_PATH_OCCUPIED` when it is anything else.
 */
export async function claimIpcPath(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new PipelineError("BIND_FAILED", `Path ${JSON.stringify(path)} cannot be looked at: ${error.code}`, {
      endpoint: `ipc://${path}`,
      cause: error,
    });
  });
  if (found === undefined) return;
  const endpoint = `ipc://${path}`;
  const occupied = (what: string) =>
    new PipelineError("IPC_PATH_OCCUPIED", `Path ${JSON.stringify(path)} ${what}; it is left alone`, { endpoint });
  if (!found.isSocket()) throw occupied("holds something that is not a socket");
  if (process.getuid !== undefined && found.uid !== process.getuid()) throw occupied("holds another user's socket");
  const answer = await probe(path);
  if (answer === "listening") {
    throw new PipelineError("ADDRESS_IN_USE", `Endpoint "ipc://${path}" is bound by another process`, { endpoint });
  }
  if (answer !== "ECONNREFUSED") throw occupied(`holds a socket that cannot be probed (${answer})`);
  await unlink(path);
}

/** Only this user may connect. */
export async function restrictIpcPath(path: string): Promise<void> {
  await chmod(path, 0o600);
}

/** Removes our own socket file, where libzmq has not. */
export async function releaseIpcPath(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
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
