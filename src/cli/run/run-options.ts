import type { LedgerOptions } from "./ledger-options.ts";

/** How a command that runs something prints its outcome. */
export interface PrintOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The options of `zmqpipeline run`. */
export interface RunFileOptions extends LedgerOptions, PrintOptions {
  readonly workers?: number;
  readonly stopTimeout?: number;
  readonly maxFailures?: number;
}

/** The roles that can be started alone, each by a command of its own. */
export type RoleCommandName = "distributor" | "worker" | "collector" | "metadata" | "service";

/** The options of a role's command. */
export interface RoleOptions extends LedgerOptions, PrintOptions {
  readonly export?: string;
  readonly keys?: string;
  readonly count?: number;
  readonly stopTimeout?: number;
  readonly connect?: string;
  readonly collector?: string;
  readonly maxFailures?: number;
}
