import type { Open, RunStatus } from "../../protocol/batch-message.ts";
import type {
  AckLinkToDistributor,
  CollectorToDistributor,
  CollectorToWorker,
} from "../../protocol/message.ts";
import type { ResultGatePort } from "./result-gate.ts";

export interface CollectorCoreOptions {
  readonly peerId: string;
  /** The addresses at which the collector listens, for errors. */
  readonly addresses?: readonly string[];
  /** Longest wait for the distributor, in ms. */
  readonly peerTimeoutMs: number;
}

/** What the core does through its shell. */
export interface CollectorPort extends ResultGatePort {
  toPeer(connection: string, message: CollectorToWorker | CollectorToDistributor): void;
  toAckLink(connection: string, message: AckLinkToDistributor): void;
  /** A run begins. */
  begin(open: Open): void;
  /** Deliveries have arrived: the shell calls `next()`. */
  work(): void;
  /** END has arrived: the distributor has ACKs for all items, or `error` says why it gave the run up. */
  finish(status: RunStatus, error: Error | undefined): void;
  over(error: Error | undefined): void;
  /** A connection to the collector's endpoint has cost too much without being of use: it is not to be heard any more. */
  exceeded(connection: string): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

export type CollectorPhase =
  | { readonly kind: "waiting" }
  | { readonly kind: "collecting"; readonly open: Open }
  /** END was confirmed. The confirmation may get lost until the distributor's `bye` arrives. */
  | { readonly kind: "ended"; readonly open: Open; readonly until: number }
  | { readonly kind: "over" };
