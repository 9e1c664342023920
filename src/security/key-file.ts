import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { PipelineError } from "../errors.ts";
import { isCurveKey } from "../protocol/curve-key.ts";
import { isKeyPair, type KeyPair } from "./key-pair.ts";
import { isKeyRole, KEY_ROLES, type KeyRole } from "./key-role.ts";

/** Public keys, by name. */
type PublicKeys = Readonly<Record<string, string>>;

/** All keys that a role needs: its own pair, the public keys of the roles that it connects to, and those of the roles that it accepts. */
export interface RoleKeys extends KeyPair {
  readonly role: KeyRole;
  /** Tells the keys of several workers, metadata workers or clients apart. */
  readonly name: string;
  readonly servers: Readonly<Partial<Record<KeyRole, string>>>;
  readonly allowed: Readonly<Partial<Record<KeyRole, PublicKeys>>>;
}

/** The file's format. Raised when older versions would misread a new file. */
const FILE_VERSION = 1;

/** Largest key file, in bytes. The keys of 10,000 workers need less than 1 MB. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Reads a key file.
 *
 * @throws PipelineError `KEYS_UNUSABLE` when the file is missing, belongs to another user, can be read by other users, or is damaged.
 *   The error quotes nothing from the file.
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

/** The problem with the owner or mode of a file or folder; nothing when there is none. */
export function accessProblem(uid: number, mode: number): string | undefined {
  if (process.getuid === undefined) return undefined; // Windows has no such modes
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
    // Owner and mode come from the open file, so that no other file can take its place between check and read.
    const { uid, mode, size } = fstatSync(file);
    const problem = accessProblem(uid, mode);
    if (problem !== undefined) throw unusable(path, problem);
    if (size > MAX_FILE_BYTES) throw unusable(path, "is too large for a key file");
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
    throw unusable(path, "is damaged: it is not JSON"); // not with the parser's error, which would quote the file
  }
  const { version, role, name, publicKey, secretKey, servers, allowed } = content ?? {};
  if (version !== FILE_VERSION) throw unusable(path, `is not a key file of version ${FILE_VERSION}`);
  if (!isKeyRole(role)) throw unusable(path, `has no known role; the roles are ${KEY_ROLES.join(", ")}`);
  if (typeof name !== "string" || !isCurveKey(publicKey) || !isCurveKey(secretKey))
    throw unusable(path, "is damaged: its name or one of its keys is missing");
  if (!isPublicKeys(servers)) throw unusable(path, "is damaged: its list of the servers' keys");
  if (!isRecord(allowed) || !Object.values(allowed).every(isPublicKeys))
    throw unusable(path, "is damaged: its list of allowed keys");
  return { role, name, publicKey, secretKey, servers, allowed: allowed as RoleKeys["allowed"] };
}

function isPublicKeys(value: unknown): value is PublicKeys {
  return isRecord(value) && Object.values(value).every(isCurveKey);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
