/** The roles that have keys of their own. `worker` includes the workers of a `Service`. */
export const KEY_ROLES = ["distributor", "collector", "worker", "metadata", "service", "client"] as const;

/** A role that has keys of its own. */
export type KeyRole = (typeof KEY_ROLES)[number];

/** The roles that each role connects to. It has their public keys, and its public key is on their lists. */
const SERVERS: Readonly<Record<KeyRole, readonly KeyRole[]>> = {
  distributor: ["collector"],
  collector: [],
  worker: ["distributor", "collector", "service"],
  metadata: ["distributor"],
  service: [],
  client: ["service"],
};

export function serversOf(role: KeyRole): readonly KeyRole[] {
  return SERVERS[role];
}

/** The roles that connect to a role. */
export function peersOf(role: KeyRole): KeyRole[] {
  return KEY_ROLES.filter((peer) => SERVERS[peer].includes(role));
}

/** Roles that may have many instances with keys of their own. No role connects to them. */
export const ADDABLE_ROLES = ["worker", "metadata", "client"] as const satisfies readonly KeyRole[];

export type AddableRole = (typeof ADDABLE_ROLES)[number];

export function isKeyRole(value: unknown): value is KeyRole {
  return (KEY_ROLES as readonly unknown[]).includes(value);
}
