import { lstatSync } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { PipelineError } from "../../errors.ts";
import { type EndpointAddress, PRIVATE_FOLDER } from "../../protocol/endpoint-address.ts";

/**
 * Makes our own private folder where the path is in it: nobody else may enter it, or have made it.
 *
 * @throws PipelineError `IPC_PATH_UNSAFE`, or `BIND_FAILED` when the folder cannot be made.
 */
export async function preparePrivateFolder(path: string): Promise<void> {
  if (dirname(resolve(path)) !== PRIVATE_FOLDER) return;
  await mkdir(PRIVATE_FOLDER, { mode: 0o700 }).catch((error) => ignoreExisting(error, path));
  const { uid, mode } = await lstat(PRIVATE_FOLDER);
  if (process.getuid === undefined || (uid === process.getuid() && (mode & 0o170077) === 0o040000)) return;
  const message = `${JSON.stringify(PRIVATE_FOLDER)} is not a folder of this user's that nobody else can enter`;
  throw new PipelineError("IPC_PATH_UNSAFE", message, { endpoint: `ipc://${path}` });
}

/**
 * What is wrong with the socket that a link has just connected to, if anything. In a folder that others can write into, another
 * user may have made it: nothing is sent to it.
 */
export function ownerProblem({ connectAddress }: EndpointAddress): string | undefined {
  try {
    const { uid } = lstatSync(connectAddress.slice("ipc://".length));
    const isTrusted = process.getuid === undefined || uid === 0 || uid === process.getuid();
    return isTrusted ? undefined : "belongs to another user of this machine";
  } catch {
    return undefined; // it has been unlinked meanwhile, and the connection ends
  }
}

function ignoreExisting(cause: NodeJS.ErrnoException, path: string): void {
  if (cause.code === "EEXIST") return;
  const advice = "set TMPDIR to a folder that exists and can be written to";
  const message = `The folder ${JSON.stringify(PRIVATE_FOLDER)} for private sockets cannot be made: ${cause.message}; ${advice}`;
  throw new PipelineError("BIND_FAILED", message, { endpoint: `ipc://${path}`, cause });
}
