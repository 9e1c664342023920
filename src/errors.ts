/**
 * Every code of a {@link PipelineError}, with its meaning. `docs/errors.md` says what to do about each.
 */
export const ERROR_CODES = {
  ADDRESS_IN_USE: "Another socket is bound to the endpoint",
  INSECURE_BIND:
    "The endpoint can be reached from the network, and the role has no keys: anybody could connect",
  BIND_FAILED: "The endpoint could not be bound",
  IPC_PATH_OCCUPIED: "The path of an ipc endpoint holds something that is not a stale socket",
  IPC_PATH_UNSAFE: "The path of an ipc endpoint, or the private folder it is in, belongs to another user",
  KEYS_UNUSABLE: "A key file is missing, damaged, readable by other users, or of another role",
  KEYS_EXIST: "A command would overwrite keys that exist",
  KEY_REFUSED: "The peer refuses this role's key: the key is not on the peer's list, or was revoked",
  SERVER_KEY_MISMATCH: "The peer's key is not the one that this role expects of it",
  SECURITY_MISMATCH: "One side of a connection has keys and the other has none",
  SELF_TEST_FAILED:
    "A secured endpoint did not refuse an unknown key when it was tested at the start; it was closed again",
  PEER_TIMEOUT: "A peer that the role needs did not connect in time",
  PEER_REFUSED: "A peer refused the role: another protocol version, an unknown task, or another run",
  METADATA_TIMEOUT: "No metadata arrived in time",
  INIT_FAILED: "A role's initialisation hook threw",
  CLOSE_FAILED: "A hook at the end of a worker or of a thread threw, or took too long",
  TASK_FAILED: "A task's hook threw while the task was producing items",
  COLLECTION_FAILED: "A collector's hook threw",
  EXECUTION_TIMEOUT: "A handler ran longer than the task's timeout",
  THREAD_LOST:
    "The thread that executed the item ended: an error outside the handler, an exit, or too little memory",
  PROCESS_LOST: "The process of a worker in Python that executed the item ended",
  PROGRAM_FAILED:
    "The program that executed the item ended, was ended by a signal, had an exit code other than 0, or wrote something that is no answer",
  WORKER_LOST: "The workers that executed the item died or stopped answering",
  TOO_MANY_FAILURES: "More items failed for good than maxFailures allows",
  RUN_ABORTED: "The distributor has given up the run",
  JOURNAL_UNAVAILABLE: "The journal could not be opened or made",
  JOURNAL_IN_USE: "Another distributor uses the journal",
  JOURNAL_DAMAGED: "The file was changed after the journal had been written, or is not a journal",
  JOURNAL_VERSION: "The journal was written by a version of this library with another format",
  JOURNAL_MISMATCH:
    "The journal is of a run with other tasks, a task does not produce the same items again, or the output of map is not as the run left it",
  JOURNAL_WRITE_FAILED: "The journal could not be written; the run was stopped",
  ITEM_FAILED: "An item of map() failed for good",
  WORKER_FAILED: "A worker process of a pipeline cannot work, or died too often",
  NESTED_RUN:
    "A run was started where it must not: while a worker's module was imported, or nested too deep in other runs",
  SERVICE_BUSY: "The service's queue is full; the request did not run",
  NO_WORKER: "No worker of the request's task type connected in time; the request did not run",
  REQUEST_FAILED: "The handler of the request threw",
  REQUEST_LOST: "The worker that had the request, or the service, was lost: the request may have run",
  REQUEST_TIMEOUT: "No reply arrived in time: the request may have run",
  SERVICE_STOPPED: "The service is stopping and takes no new requests; the request did not run",
  CLIENT_STOPPED: "The client was stopped before the reply arrived",
  PAYLOAD_TOO_LARGE: "A payload is too large for a message",
  BAD_MESSAGE: "A message could not be decoded",
} as const;

/** One of the documented codes of {@link PipelineError}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Where a {@link PipelineError} happened, as far as it is known. */
export interface ErrorFacts {
  /** The endpoint, as written in its `EndpointAddress`. */
  readonly endpoint?: string;
  /** The role that raised the error, such as `"distributor"` or `"serviceclient"`. */
  readonly role?: string;
  /** The name of the task type. */
  readonly taskType?: string;
  /** The item's id. */
  readonly itemId?: string;
  /** Number of executions of the item, including the last one. */
  readonly attempts?: number;
  /** The index of the input or request that failed, in a list of them. */
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
  /** What went wrong: one of {@link ERROR_CODES}. */
  readonly code: ErrorCode;
  // Only declared, so that a printed error shows no facts that it does not have.
  declare readonly endpoint?: string;
  declare readonly role?: string;
  declare readonly taskType?: string;
  declare readonly itemId?: string;
  declare readonly attempts?: number;
  declare readonly index?: number;

  /**
   * @param code - One of the documented codes.
   * @param message - One sentence that names the value and what is expected.
   * @param facts - Where the error happened, and the error that caused it as `cause`.
   */
  constructor(code: ErrorCode, message: string, facts: ErrorFacts & { readonly cause?: unknown } = {}) {
    const { cause, ...known } = facts;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, known);
  }
}
