import type { Trust } from "../../protocol/batch-message.ts";
import type { InspectCommandOptions } from "./inspect-options.ts";
import type { LedgerOptions } from "./ledger-options.ts";

/** How a command that runs something prints its outcome. */
export interface PrintOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The options of `zmqpipeline run`. */
export interface RunFileOptions extends LedgerOptions, PrintOptions, InspectCommandOptions {
  readonly workers?: number;
  readonly stopTimeout?: number;
  readonly maxFailures?: number;
  readonly trust?: Trust;
}

/** The roles that can be started alone, each by a command of its own. */
export type RoleCommandName = "distributor" | "worker" | "collector" | "metadata" | "service";

/** The options of a role's command. */
export interface RoleOptions extends LedgerOptions, PrintOptions, InspectCommandOptions {
  readonly export?: string;
  readonly keys?: string;
  readonly count?: number;
  readonly stopTimeout?: number;
  readonly connect?: string;
  /** Set by `worker --pool`: the worker is for a pool, with a function instead of a class, and with these options. */
  readonly pool?: boolean;
  /** Set by `worker --command` and `worker --exec`: a program in place of a file, and the name of its task type. */
  readonly command?: string;
  readonly exec?: string;
  readonly task?: string;
  /** Set by `worker --service`: the program works for a service, and not for a run. */
  readonly service?: boolean;
  readonly threads?: number;
  readonly concurrency?: number;
  /** In ms. */
  readonly timeout?: number;
  readonly collector?: string;
  readonly maxFailures?: number;
  readonly minWorkers?: number;
  readonly trust?: Trust;
}
