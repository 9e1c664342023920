import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { PipelineError } from "../errors.ts";
import { isCurveKey } from "../protocol/curve-key.ts";
import { isKeyPair, type KeyPair } from "./key-pair.ts";
import { isKeyRole, KEY_ROLES, type KeyRole } from "./key-role.ts";

/** Public keys by the name of their owner. */
type PublicKeys = Readonly<Record<string, string>>;

/** All keys that one role needs: its own, those of the roles it connects to, and those of the roles it lets in. */
export interface RoleKeys extends KeyPair {
  readonly role: KeyRole;
  /** Distinguishes the keys of several workers, metadata workers or clients. */
  readonly name: string;
  readonly servers: Readonly<Partial<Record<KeyRole, string>>>;
  readonly allowed: Readonly<Partial<Record<KeyRole, PublicKeys>>>;
}

/** Raised when the file's format changes so that older versions would misread it. */
const FILE_VERSION = 1;

/** Larger files are no keys: those of 10,000 workers need less than 1 MB. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * @throws PipelineError `KEYS_UNUSABLE` when the file is missing, belongs to another user, can be read by others, or is damaged.
 *   The error has nothing of the file's content in it.
 */
export function readKeyFile(path: string): RoleKeys {
  const keys = parse(readPrivately(path), path);
  if (!isKeyPair(keys)) throw unusable(path, "is damaged: its two keys do not belong together");
  return keys;
}

/** Writes a file that only this user can read. A concurrent reader finds the old file or the new one. */
export function writeKeyFile(path: string, keys: RoleKeys): void {
  const { role, name, publicKey, secretKey, servers, allowed } = keys;
  const content = { version: FILE_VERSION, role, name, publicKey, secretKey, servers, allowed };
  const unfinished = `${path}.${process.pid}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(content, undefined, 2)}\n`, {
    mode: 0o600,
    flag: "wx",
    flush: true,
  });
  renameSync(unfinished, path);
}

/** What is wrong with a file's or folder's owner and mode, if anything. */
export function accessProblem(uid: number, mode: number): string | undefined {
  if (process.getuid === undefined) return undefined; // no such modes on this system
  if (uid !== process.getuid() && uid !== 0) return "belongs to another user";
  const others = mode & 0o077;
  if (others === 0) return undefined;
  const wanted = (mode & 0o170000) === 0o040000 ? "chmod 700" : "chmod 600";
  return `is open to others (mode ${(mode & 0o777).toString(8)}): ${wanted}`;
}

export function unusable(path: string, problem: string): PipelineError {
  return new PipelineError("KEYS_UNUSABLE", `Keys ${JSON.stringify(path)}: it ${problem}`);
}

function readPrivately(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw unusable(path, `cannot be opened (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    // The open file's owner and mode, so that the file that is checked is the one that is read.
    const { uid, mode, size } = fstatSync(file);
    const problem = accessProblem(uid, mode);
    if (problem !== undefined) throw unusable(path, problem);
    if (size > MAX_FILE_BYTES) throw unusable(path, "is no file of keys");
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function parse(text: string, path: string): RoleKeys {
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw unusable(path, "is damaged: it is not JSON"); // the error would quote it
  }
  const { version, role, name, publicKey, secretKey, servers, allowed } = content ?? {};
  if (version !== FILE_VERSION) throw unusable(path, `is not a file of keys of version ${FILE_VERSION}`);
  if (!isKeyRole(role)) throw unusable(path, `has no role; roles are ${KEY_ROLES.join(", ")}`);
  if (typeof name !== "string" || !isCurveKey(publicKey) || !isCurveKey(secretKey))
    throw unusable(path, "is damaged: its name or a key is missing");
  if (!isPublicKeys(servers)) throw unusable(path, "is damaged: the servers' keys");
  if (!isRecord(allowed) || !Object.values(allowed).every(isPublicKeys))
    throw unusable(path, "is damaged: the list of allowed keys");
  return { role, name, publicKey, secretKey, servers, allowed: allowed as RoleKeys["allowed"] };
}

function isPublicKeys(value: unknown): value is PublicKeys {
  return isRecord(value) && Object.values(value).every(isCurveKey);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
