import { PipelineError } from "../errors.ts";
import type { RoleKeys } from "./key-file.ts";
import { isKeyName } from "./key-name.ts";
import { generateKeyPair } from "./key-pair.ts";
import { type AddableRole, KEY_ROLES, type KeyRole, peersOf, serversOf } from "./key-role.ts";

/** The name of the keys that each role gets when the folder is created. */
export const DEFAULT_NAME = "default";

/** Makes keys for all roles. Each role also gets the public keys of its servers and of the peers that it accepts. */
export function makeKeySet(): RoleKeys[] {
  const pairs = new Map(KEY_ROLES.map((role) => [role, generateKeyPair()]));
  const publicKeyOf = (role: KeyRole) => pairs.get(role)?.publicKey ?? "";
  return KEY_ROLES.map((role) => ({
    role,
    name: DEFAULT_NAME,
    ...(pairs.get(role) ?? generateKeyPair()),
    servers: Object.fromEntries(serversOf(role).map((server) => [server, publicKeyOf(server)])),
    allowed: Object.fromEntries(peersOf(role).map((peer) => [peer, { [DEFAULT_NAME]: publicKeyOf(peer) }])),
  }));
}

/**
 * Makes keys for one more instance of a role.
 *
 * @param servers - The keys of the roles that this role connects to.
 * @returns The new keys, and the servers' keys with the new public key on their lists.
 * @throws PipelineError `KEYS_EXIST` when the name has keys; TypeError when the name is not valid.
 */
export function addToKeySet(
  servers: readonly RoleKeys[],
  role: AddableRole,
  name: string,
): { readonly added: RoleKeys; readonly servers: RoleKeys[] } {
  if (!isKeyName(name))
    throw new TypeError(`Name ${JSON.stringify(name)} must be 1 to 64 letters, digits, ".", "_" or "-"`);
  if (servers.some(({ allowed }) => allowed[role]?.[name] !== undefined))
    throw new PipelineError(
      "KEYS_EXIST",
      `A ${role} ${JSON.stringify(name)} has keys already; revoke them first`,
    );
  const pair = generateKeyPair();
  const added: RoleKeys = {
    role,
    name,
    ...pair,
    servers: Object.fromEntries(servers.map((server) => [server.role, server.publicKey])),
    allowed: {},
  };
  const knowing = servers.map((server) =>
    withAllowed(server, role, { ...server.allowed[role], [name]: pair.publicKey }),
  );
  return { added, servers: knowing };
}

/** @returns The servers' keys without that name on their lists. Unchanged keys are the same objects as before. */
export function revokeInKeySet(servers: readonly RoleKeys[], role: AddableRole, name: string): RoleKeys[] {
  return servers.map((server) => {
    const { [name]: revoked, ...others } = server.allowed[role] ?? {};
    return revoked === undefined ? server : withAllowed(server, role, others);
  });
}

function withAllowed(server: RoleKeys, role: KeyRole, keys: Record<string, string>): RoleKeys {
  return { ...server, allowed: { ...server.allowed, [role]: keys } };
}
