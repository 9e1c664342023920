/** The roles that have keys of their own. `worker` stands for those of a `Service` too. */
export const KEY_ROLES = ["distributor", "collector", "worker", "metadata", "service", "client"] as const;

/** A role that has keys of its own, and a list of the keys that may connect to it. */
export type KeyRole = (typeof KEY_ROLES)[number];

/** The roles that each role connects to. It needs their public keys, and they have its public key on their lists. */
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

/** Roles of which there may be many, each with keys of its own; nobody connects to them. */
export const ADDABLE_ROLES = ["worker", "metadata", "client"] as const satisfies readonly KeyRole[];

export type AddableRole = (typeof ADDABLE_ROLES)[number];

export function isKeyRole(value: unknown): value is KeyRole {
  return (KEY_ROLES as readonly unknown[]).includes(value);
}
