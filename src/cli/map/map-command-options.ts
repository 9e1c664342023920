import type { InspectCommandOptions } from "../run/inspect-options.ts";
import type { LedgerOptions } from "../run/ledger-options.ts";

/** The options of `zmqpipeline map`. */
export interface MapCommandOptions extends LedgerOptions, InspectCommandOptions {
  readonly command?: string;
  readonly exec?: string;
  readonly lines?: boolean;
  readonly csv?: boolean;
  readonly delimiter?: string;
  readonly null?: boolean;
  readonly files?: readonly string[];
  readonly limit?: number;
  readonly dryRun?: boolean;
  readonly ordered?: boolean;
  readonly raw?: boolean;
  readonly failed?: string;
  readonly key?: string;
  readonly export?: string;
  readonly workers?: number;
  readonly threads?: number;
  readonly concurrency?: number;
  /** Executions of an input at most. */
  readonly retry?: number;
  /** In ms. */
  readonly timeout?: number;
  readonly maxFailures?: number;
  /** How long running inputs may take to finish after a signal, in ms. */
  readonly stopTimeout?: number;
  readonly quiet?: boolean;
}
