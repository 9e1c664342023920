import { lstat, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isProvenDead, ownIdentity, type ProcessIdentity, parseIdentity } from "./process-identity.ts";

/** The file in a folder with the identity of the process that made it. */
const OWNER = "owner.json";

/** A folder without an owner file that is older than this, in ms, was made by a process that was killed at that moment. */
const ABANDONED_MS = 3_600_000;

/** How many old folders of a base one process looks at, from a random one on: the next ones look at the others. */
const MAX_SWEPT = 200;

/** Makes a folder that is removed by others when this process was killed. @param prefix - With which the names of such folders begin. */
export async function makeOwnFolder(base: string, prefix: string): Promise<string> {
  const path = await mkdtemp(join(base, prefix));
  try {
    await writeFile(join(path, OWNER), JSON.stringify(ownIdentity()), { mode: 0o600 });
    return path;
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
}

/** Removes the folders of this user's processes that were killed. If it fails, they stay. */
export async function sweepFolders(base: string, prefix: string): Promise<void> {
  try {
    const names = (await readdir(base)).filter((name) => name.startsWith(prefix));
    const first = names.length > MAX_SWEPT ? Math.floor(Math.random() * names.length) : 0;
    const turned = [...names.slice(first), ...names.slice(0, first)];
    for (const name of turned.slice(0, MAX_SWEPT)) await sweepFolder(join(base, name));
  } catch {
    // The base is missing, or cannot be listed: old folders stay.
  }
}

/** Removes a folder if its process was killed. If it fails, the folder stays. */
export async function sweepFolder(path: string): Promise<void> {
  try {
    const found = await lstat(path);
    const { uid, mtimeMs } = found;
    if (!found.isDirectory() || uid !== (process.getuid?.() ?? uid)) return;
    const owner = await readOwner(path);
    if (owner !== undefined && isProvenDead(owner)) await rm(path, { recursive: true, force: true });
    // Removes it only if it is empty.
    else if (owner === undefined && Date.now() - mtimeMs > ABANDONED_MS) await rmdir(path);
  } catch {
    // Another process removes it, or it belongs to another program: the next one looks again.
  }
}

/** The process that made a folder; `undefined` when none is named. */
export async function readOwner(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return parseIdentity(await readFile(join(path, OWNER), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
