/**
 * Every code a {@link PipelineError} can carry, with its meaning. `docs/errors.md` says what to do about each.
 */
export const ERROR_CODES = {
  ADDRESS_IN_USE: "Another socket is bound to the endpoint",
  INSECURE_BIND: "The endpoint would let anybody on the network in: there are no keys",
  BIND_FAILED: "The endpoint could not be bound",
  IPC_PATH_OCCUPIED: "The path of an ipc endpoint holds something that is not a stale socket",
  IPC_PATH_UNSAFE: "The path of an ipc endpoint, or the private folder it is in, belongs to another user",
  KEYS_UNUSABLE: "A file of keys is missing, damaged, readable by others, or another role's",
  KEYS_EXIST: "Keys would be overwritten",
  KEY_REFUSED: "The peer does not let this role's key in: it is not on its list, or was revoked",
  SERVER_KEY_MISMATCH: "The peer has another key than the one this role was given for it",
  SECURITY_MISMATCH: "One side has keys and the other has none",
  SELF_TEST_FAILED: "A secured endpoint did not refuse a stranger at the start; it was closed again",
  PEER_TIMEOUT: "A peer that the role cannot go on without did not appear in time",
  PEER_REFUSED: "A peer refused the role: another protocol version, or a role that is already taken",
  METADATA_TIMEOUT: "No metadata arrived in time",
  INIT_FAILED: "A role's initialisation hook threw",
  CLOSE_FAILED: "A hook at the end of a worker or of a thread threw, or took too long",
  TASK_FAILED: "A task's hook threw while it was producing items",
  COLLECTION_FAILED: "A collector's hook threw",
  EXECUTION_TIMEOUT: "A handler ran longer than the task's timeout",
  THREAD_LOST:
    "The thread that ran the item ended: an error outside the handler, an exit, or too little memory",
  WORKER_LOST: "The workers that ran the item died or stopped answering",
  TOO_MANY_FAILURES: "More items failed for good than maxFailures allows",
  RUN_ABORTED: "The distributor gave the run up",
  JOURNAL_UNAVAILABLE: "The journal could not be opened or made",
  JOURNAL_IN_USE: "Another distributor has the journal",
  JOURNAL_DAMAGED: "The journal was changed after it had been written, or is none",
  JOURNAL_VERSION: "The journal has a format of another version of this library",
  JOURNAL_MISMATCH: "The journal is of a run with other tasks, or a task does not repeat what it produced",
  JOURNAL_WRITE_FAILED: "The journal could not be written; the run was stopped",
  ITEM_FAILED: "An item of map() failed for good",
  WORKER_FAILED: "A worker of a local pipeline cannot work, or died too often",
  NESTED_RUN:
    "A run began where none may: while a worker's module was imported, or too deep within other runs",
  SERVICE_BUSY: "As many requests wait as the service's queue holds; this one did not run",
  NO_WORKER: "No worker of the request's task type was there in time; the request did not run",
  REQUEST_FAILED: "The handler of the request threw",
  REQUEST_LOST: "The request's worker, or the service, was lost while it had it: the request may have run",
  REQUEST_TIMEOUT: "No reply arrived in time: the request may have run",
  SERVICE_STOPPED: "The service is stopping and takes no new requests; this one did not run",
  CLIENT_STOPPED: "The client was stopped before the reply arrived",
  PAYLOAD_TOO_LARGE: "A payload is larger than a message may be",
  BAD_MESSAGE: "A message could not be decoded",
} as const;

/** One of the documented codes of {@link PipelineError}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What is known about the place where a {@link PipelineError} happened. */
export interface ErrorFacts {
  /** The endpoint concerned, as written in its `EndpointAddress`. */
  readonly endpoint?: string;
  /** The role that raised the error, such as `"distributor"` or `"serviceclient"`. */
  readonly role?: string;
  /** The name of the task type concerned. */
  readonly taskType?: string;
  /** The item's id. */
  readonly itemId?: string;
  /** How often the item was executed, the last time included. */
  readonly attempts?: number;
  /** Of a list of requests: the place of the one that failed. */
  readonly index?: number;
}

/**
 * Something that went wrong at run time. Misuse of the API throws a `TypeError` or a `RangeError` instead.
 *
 * @example
 * ```ts
 * try {
 *   await distributor.run();
 * } catch (error) {
 *   if (error instanceof PipelineError && error.code === "PEER_TIMEOUT") console.error(error.message);
 *   else throw error;
 * }
 * ```
 */
export class PipelineError extends Error {
  override readonly name: string = "PipelineError";
  /** What went wrong, one of {@link ERROR_CODES}. */
  readonly code: ErrorCode;
  // Declared only: an error shows the facts it has, and no empty ones.
  declare readonly endpoint?: string;
  declare readonly role?: string;
  declare readonly taskType?: string;
  declare readonly itemId?: string;
  declare readonly attempts?: number;
  declare readonly index?: number;

  /**
   * @param code - One of the documented codes.
   * @param message - One sentence, with the value concerned and what is wanted.
   * @param facts - Where it happened, and the `cause` where another error lies behind it.
   */
  constructor(code: ErrorCode, message: string, facts: ErrorFacts & { readonly cause?: unknown } = {}) {
    const { cause, ...known } = facts;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, known);
  }
}
