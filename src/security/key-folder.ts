import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PipelineError } from "../errors.ts";
import { keyFingerprint } from "../protocol/curve-key.ts";
import { accessProblem, type RoleKeys, readKeyFile, unusable, writeKeyFile } from "./key-file.ts";
import { type AddableRole, KEY_ROLES, type KeyRole, serversOf } from "./key-role.ts";
import { addToKeySet, DEFAULT_NAME, makeKeySet, revokeInKeySet } from "./key-set.ts";

/** Describes keys in a folder, without the keys themselves. */
export interface KeyEntry {
  readonly role: KeyRole;
  readonly name: string;
  /** The public key's fingerprint, as in logs. */
  readonly fingerprint: string;
  /** The file with the secret key, if it is in the folder. */
  readonly file: string | undefined;
}

/** The name of a role's file: `worker.json`, or `worker-NAME.json` for added keys. */
function keyFileName(role: KeyRole, name: string): string {
  return name === DEFAULT_NAME ? `${role}.json` : `${role}-${name}.json`;
}

/**
 * Creates a folder with a key file for each role.
 *
 * @returns The files' paths.
 * @throws PipelineError `KEYS_EXIST` when the folder is not empty, `KEYS_UNUSABLE` when it belongs to another user or is open to others.
 */
export function makeKeyFolder(folder: string, keys: readonly RoleKeys[] = makeKeySet()): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertPrivate(folder);
  if (readdirSync(folder).length > 0) {
    const message = `Folder ${JSON.stringify(folder)} is not empty: keys are never overwritten`;
    throw new PipelineError("KEYS_EXIST", message);
  }
  writeFileSync(join(folder, ".gitignore"), "*\n", { mode: 0o600 }); // keeps the secret keys out of a repository
  return keys.map((roleKeys) => write(folder, roleKeys));
}

/**
 * Makes keys for one more worker, metadata worker or client, and adds its public key to the lists of the roles that it connects to.
 *
 * @returns The paths of the new file and of the changed files. Copy these to the machines that use them.
 * @throws PipelineError `KEYS_EXIST`, `KEYS_UNUSABLE`.
 */
export function addKeys(
  folder: string,
  role: AddableRole,
  name: string,
): { file: string; changed: string[] } {
  const { added, servers } = addToKeySet(serverKeys(folder, role), role, name);
  const path = join(folder, keyFileName(role, name));
  if (existsSync(path)) throw new PipelineError("KEYS_EXIST", `File ${JSON.stringify(path)} exists`);
  // Written before the lists, so that every name on a list has a file.
  const file = write(folder, added);
  return { file, changed: servers.map((keys) => write(folder, keys)) };
}

/**
 * Revokes a name's keys: removes them from all lists and deletes their file. The role's connections end once its peers have the changed
 * files.
 *
 * @returns The paths of the files that changed.
 * @throws PipelineError `KEYS_UNUSABLE` when no keys have that name.
 */
export function revokeKeys(folder: string, role: AddableRole, name: string): { changed: string[] } {
  const servers = serverKeys(folder, role);
  const changed = revokeInKeySet(servers, role, name).filter((keys) => !servers.includes(keys));
  const path = join(folder, keyFileName(role, name));
  if (changed.length === 0 && !existsSync(path))
    throw unusable(folder, `has no ${role} ${JSON.stringify(name)}`);
  const files = changed.map((keys) => write(folder, keys));
  rmSync(path, { force: true });
  return { changed: files };
}

/** Lists the keys of a folder. */
export function listKeys(folder: string): KeyEntry[] {
  const files = readKeyFolder(folder);
  const entries = new Map<string, KeyEntry>();
  const add = (role: KeyRole, name: string, publicKey: string, file?: string) => {
    const key = keyFileName(role, name);
    if (!entries.has(key)) entries.set(key, { role, name, fingerprint: keyFingerprint(publicKey), file });
  };
  for (const [file, { role, name, publicKey }] of files) add(role, name, publicKey, file);
  for (const { allowed } of files.values()) {
    for (const role of KEY_ROLES)
      for (const [name, publicKey] of Object.entries(allowed[role] ?? {})) add(role, name, publicKey);
  }
  const rank = ({ role, name }: KeyEntry) => `${KEY_ROLES.indexOf(role)} ${name}`;
  return [...entries.values()].sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
}

/**
 * Reads all key files of a folder.
 *
 * @throws PipelineError `KEYS_UNUSABLE` when the folder or a file is unusable, or the folder has no keys.
 */
export function readKeyFolder(folder: string): Map<string, RoleKeys> {
  assertPrivate(folder);
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  if (files.length === 0) throw unusable(folder, "has no keys in it");
  return new Map(files.map((file) => [file, readKeyFile(join(folder, file))]));
}

function serverKeys(folder: string, role: AddableRole): RoleKeys[] {
  assertPrivate(folder);
  return serversOf(role).map((server) => readKeyFile(join(folder, keyFileName(server, DEFAULT_NAME))));
}

function write(folder: string, keys: RoleKeys): string {
  const path = join(folder, keyFileName(keys.role, keys.name));
  writeKeyFile(path, keys);
  return path;
}

function assertPrivate(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) throw unusable(folder, "does not exist");
  if (!found.isDirectory()) throw unusable(folder, "is not a folder");
  const problem = accessProblem(found.uid, found.mode);
  if (problem !== undefined) throw unusable(folder, problem);
}
