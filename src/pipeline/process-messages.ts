import type { ErrorInfo } from "../protocol/batch-message.ts";
import { toErrorInfo } from "../protocol/error-info.ts";
import { reviveError } from "../protocol/revive-error.ts";
import { EMPTY } from "../protocol/wire/payload-frames.ts";
import type { PeerState } from "../role/peer-state.ts";
import type { WorkerSummary } from "../worker/worker-summary.ts";
import type { InspectPlan } from "./inspect-plan.ts";

/** Programs that execute items. */
export interface ProgramStart {
  /** `lines`: it gets a line of JSON for each item. `each`: it is started for each item. */
  readonly kind: "lines" | "each";
  /** The program and its arguments. */
  readonly args: readonly string[];
  /** How many of them run at a time. */
  readonly count: number;
  /** How often in a row one may end without having answered. */
  readonly restarts: number;
}

/** The first message to a worker's process: which worker to run, and with which peers. */
export interface WorkerStart {
  readonly type: "start";
  /** URL of the module with the worker. */
  readonly module: string;
  /** The name of the export; `undefined`: the default export, or the only worker. */
  readonly exportName: string | undefined;
  /** `undefined`: that of the class. */
  readonly taskType: string | undefined;
  /** The endpoints of distributor and collector; `undefined`: those of the class. */
  readonly endpoint: string | undefined;
  readonly collectorEndpoint: string | undefined;
  /** The path of the worker's keys, if it has some. */
  readonly keys: string | undefined;
  /** For a function: executions at a time (`undefined`: 1, and a hint where that is too few), and threads (0: none). */
  readonly concurrency: number | undefined;
  readonly threads: number;
  /** Whether items are inputs of `map()`, each wrapped in an object with its index. */
  readonly isWrapped: boolean;
  /** Whether the worker runs in the process of the program, instead of one of its own. */
  readonly isHere: boolean;
  /** Whether, and how, a debugger can attach to the worker's process. */
  readonly inspect: InspectPlan | undefined;
  /** Whether the process tells which peers the worker waits for. */
  readonly tellsPeers?: boolean;
  /** For a worker that is a program: then `module` is its command line, for people. */
  readonly program?: ProgramStart | undefined;
  /** For a worker of a pool, or a program that works for a service: it answers the requests of a service at `endpoint`. */
  readonly pool?: {
    /** Longest execution of one input, in ms; `undefined`: no limit. */
    readonly timeoutMs: number | undefined;
  };
}

/** What a process gets. Workers are numbered from 1. */
export interface NumberedStart extends WorkerStart {
  readonly number: number;
}

export type ToWorkerProcess =
  | NumberedStart
  | { readonly type: "stop"; readonly timeoutMs: number }
  /** The run is being stopped, and the worker is to finish what it has: a signal that ends the run is not for this process. */
  | { readonly type: "drain" };

/** An error on a channel that carries JSON. */
export interface ProcessError extends Omit<ErrorInfo, "detail"> {
  /** The detail in Base64. */
  readonly detail: string;
}

/** What a worker has executed in its process. */
export type WorkerCounts = Pick<WorkerSummary, "executed" | "failed">;

export type FromWorkerProcess =
  /** The worker's module is loaded. */
  | { readonly type: "started" }
  /** The worker begins to execute its first item. */
  | { readonly type: "busy" }
  /** The worker has executed its first item to its end. */
  | { readonly type: "worked" }
  /** The handler spends its time awaiting, one item at a time. */
  | { readonly type: "waits" }
  /** The worker executes nothing any more; its closing hooks follow, and may take `timeoutMs`. */
  | { readonly type: "closing"; readonly timeoutMs: number }
  /** The worker's run is over. A process that ends without this message has died, whatever its exit code. `closeErrors`: errors of its closing hooks. */
  | { readonly type: "done"; readonly closeErrors: readonly ProcessError[]; readonly counts: WorkerCounts }
  /** The peers that the worker needs, whenever that changes. */
  | { readonly type: "peers"; readonly peers: readonly PeerState[] }
  /** The worker cannot work, and another process would end the same way. */
  | { readonly type: "unusable"; readonly error: ProcessError }
  | { readonly type: "failed"; readonly error: ProcessError };

/** Converts an error of a worker's process for the channel. */
export function toProcessError(thrown: unknown): ProcessError {
  const { detail = EMPTY, ...texts } = toErrorInfo(thrown);
  return { ...texts, detail: Buffer.from(detail).toString("base64") };
}

/** Restores the error, with its causes and own properties. */
export function fromProcessError({ detail, ...texts }: ProcessError): Error {
  return reviveError({ ...texts, detail: Buffer.from(detail, "base64") });
}
