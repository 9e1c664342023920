import type { Security } from "../../src/index.ts";

/** Sets the keys of a role that has a field for them. */
export function withKeys<R extends object>(role: R, security: Security | undefined): R {
  return Object.assign(role, security === undefined ? {} : { security });
}
