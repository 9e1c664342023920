/** The roles that have keys of their own. `worker` stands for those of a `Service` too. */
export const KEY_ROLES = ["distributor", "collector", "worker", "metadata", "service", "client"] as const;

/** Whose keys: each has its own, and its own list of who may connect. */
export type KeyRole = (typeof KEY_ROLES)[number];

/** Whom each role connects to, and so whose public key it needs; those let it in by its own. */
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

/** Who connects to a role. */
export function peersOf(role: KeyRole): KeyRole[] {
  return KEY_ROLES.filter((peer) => SERVERS[peer].includes(role));
}

/** Roles of which there may be many, each with keys of its own; nobody connects to them. */
export const ADDABLE_ROLES = ["worker", "metadata", "client"] as const satisfies readonly KeyRole[];

export type AddableRole = (typeof ADDABLE_ROLES)[number];

export function isKeyRole(value: unknown): value is KeyRole {
  return (KEY_ROLES as readonly unknown[]).includes(value);
}
