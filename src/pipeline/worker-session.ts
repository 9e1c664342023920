import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { WorkerCore, type WorkerPort } from "../core/worker-core.ts";
import { PipelineError } from "../errors.ts";
import type { Executor } from "../executor/executor.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { toErrorInfo } from "../protocol/error-info.ts";
import { itemId } from "../protocol/item-id.ts";
import type { Message, Welcome } from "../protocol/message.ts";
import { decodePayload, type Payload } from "../protocol/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Link } from "../transport/transport.ts";
import { transportFor } from "../transport/transport-for.ts";
import { Session } from "./session.ts";
import type { WorkerSummary } from "./worker.ts";

/** How long items are worked through before the event loop has its turn, in ms. A turn costs 0.1 ms after blocking work. */
const SLICE_MS = 20;

/** How long a handler may take to react to its aborted signal before its slot is given up, in ms. */
const ABORT_GRACE_MS = 1000;

/** What a session needs to know of its worker. */
export interface WorkerHost {
  readonly workerId: string;
  readonly taskType: TaskType;
  readonly endpoint: EndpointAddress;
  readonly collectorEndpoint: EndpointAddress;
  readonly concurrency: number;
  readonly timeout: number | undefined;
  readonly peerTimeout: number;
  readonly executor: Executor;
  /** A run begins: sets the metadata and initialises the user's worker. */
  begin(metadata: Payload): Promise<void>;
}

/** An execution that did not end synchronously. */
interface Pending {
  readonly startedAt: number;
  timedOut: boolean;
}

/** One run of a worker: its links, its executor, and the core between them. */
export class WorkerSession extends Session<WorkerSummary> {
  readonly #host: WorkerHost;
  readonly #core: WorkerCore;
  readonly #log: RoleLog;
  readonly #refused: BoundedLog;
  readonly #pending = new Map<Execution, Pending>();
  readonly #counts = { executed: 0, failed: 0 };
  #links: { readonly distributor: Link; readonly collector: Link } | undefined;
  /** In ms; 0: unlimited. */
  #timeout = 0;
  #scheduled = false;
  #stopAt = Number.POSITIVE_INFINITY;

  constructor(host: WorkerHost) {
    super();
    this.#host = host;
    this.#log = new RoleLog("worker", { taskType: host.taskType.name });
    this.#refused = new BoundedLog(this.#log, "refused what is not a message");
    this.#core = new WorkerCore({ ...host, taskType: host.taskType.name }, this.#port());
  }

  stop(timeout: number): void {
    queueMicrotask(
      this.guard(() => {
        this.#stopAt = this.clock.now + timeout;
        this.#core.leave();
      }),
    );
  }

  protected async open(): Promise<void> {
    const { endpoint, collectorEndpoint } = this.#host;
    const onRefused = (endpoint: EndpointAddress) => (reason: string) =>
      this.#refused.add({ endpoint: endpoint.address, reason });
    const distributor = transportFor(endpoint).connect(endpoint, {
      onConnected: this.guard(() => this.#core.distributorConnected()),
      onDisconnected: this.guard(() => this.#core.distributorDisconnected()),
      onMessage: this.guard((message) => this.#core.distributorMessage(message)),
      onRefused: onRefused(endpoint),
    });
    const collector = transportFor(collectorEndpoint).connect(collectorEndpoint, {
      onConnected: this.guard(() => this.#core.collectorConnected()),
      onDisconnected: this.guard(() => this.#core.collectorDisconnected()),
      onMessage: this.guard((message) => this.#core.collectorMessage(message)),
      onRefused: onRefused(collectorEndpoint),
    });
    this.#links = { distributor, collector };
    this.#log.write("info", "worker began", { worker: this.#host.workerId, endpoint: endpoint.address });
  }

  protected tick(now: number): void {
    this.#core.tick(now);
    if (this.#timeout > 0) this.#checkTimeouts(now);
    if (this.clock.now >= this.#stopAt) this.#core.abort();
  }

  protected async close(): Promise<void> {
    for (const execution of this.#pending.keys()) this.#abandon(execution);
    await Promise.all([this.#links?.distributor.close(), this.#links?.collector.close()]);
  }

  #port(): WorkerPort {
    return {
      toDistributor: (message: Message) => this.#links?.distributor.send(message),
      toCollector: (message: Message) => this.#links?.collector.send(message),
      begin: (welcome) => this.#begin(welcome),
      abandon: (execution) => this.#abandon(execution),
      work: () => this.#schedule(),
      over: (status, error) => {
        this.#log.write("info", "worker ended", { worker: this.#host.workerId, status, ...this.#counts });
        if (error === undefined) this.resolve({ ...this.#counts });
        else this.reject(error);
      },
      note: (event, facts) => this.#log.write("debug", event, facts),
    };
  }

  #begin(welcome: Welcome): void {
    const { timeout } = this.#host;
    this.#timeout = timeout ?? welcome.timeout;
    if (this.#timeout === Number.POSITIVE_INFINITY) this.#timeout = 0;
    this.#host.begin(decodePayload(welcome.metadata)).then(
      this.guard(() => this.#core.initialised(welcome.runId)),
      this.guard((error: unknown) => {
        const facts = { role: "worker", taskType: this.#host.taskType.name, cause: error };
        const text = error instanceof Error ? error.message : String(error);
        this.#core.abort(new PipelineError("INIT_FAILED", `initWorker() threw: ${text}`, facts));
      }),
    );
  }

  /** Works in a later turn of the event loop, so that messages that have arrived are read first. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(
      this.guard(() => {
        this.#scheduled = false;
        this.#work();
      }),
    );
  }

  /** Works through the local queue while slots are free, a slice at a time. */
  #work(): void {
    const { executor, concurrency } = this.#host;
    const sliceEnd = performance.now() + SLICE_MS;
    let startedAt = sliceEnd - SLICE_MS;
    while (this.#pending.size < concurrency) {
      const execution = this.#core.next();
      if (execution === undefined) return;
      const outcome = executor.execute(execution);
      if (outcome instanceof Promise) {
        this.#pending.set(execution, { startedAt, timedOut: false });
        void this.#await(execution, outcome);
        continue;
      }
      const now = performance.now();
      const sent = this.#finish(execution, outcome, now - startedAt, now);
      startedAt = now;
      // What was sent leaves, and what it brings back arrives, in the event loop's turn.
      if (sent || now >= sliceEnd) return this.#schedule();
    }
  }

  async #await(execution: Execution, outcome: Promise<ExecutionOutcome>): Promise<void> {
    const settled = await outcome;
    const pending = this.#pending.get(execution);
    if (pending === undefined) return; // its slot was given up
    this.#pending.delete(execution);
    const now = performance.now();
    const late = pending.timedOut && !settled.ok;
    this.guard(() => {
      this.#finish(execution, late ? this.#timedOut(execution) : settled, now - pending.startedAt, now);
      this.#schedule();
    })();
  }

  #finish(execution: Execution, outcome: ExecutionOutcome, busy: number, now: number): boolean {
    if (outcome.ok) this.#counts.executed += 1;
    else this.#failed(execution, outcome.error.message);
    return this.#core.finished(execution, outcome, busy, now);
  }

  #failed(execution: Execution, message: string): void {
    this.#counts.failed += 1;
    const { runId, seq, attempt } = execution;
    this.#log.write("warn", "execution failed", {
      id: itemId(runId, this.#host.taskType.name, seq),
      attempt,
      message,
    });
  }

  /** Nobody wants the result any more: the handler is told, and its slot is free when it returns. */
  #abandon(execution: Execution): void {
    this.#host.executor.abort(execution, new DOMException("The item was settled elsewhere", "AbortError"));
  }

  #checkTimeouts(now: number): void {
    for (const [execution, pending] of this.#pending) {
      const over = now - pending.startedAt - this.#timeout;
      if (over < 0) continue;
      if (!pending.timedOut) {
        pending.timedOut = true;
        const reason = new DOMException(`The item's timeout of ${this.#timeout} ms is over`, "TimeoutError");
        this.#host.executor.abort(execution, reason);
      } else if (over >= ABORT_GRACE_MS) {
        this.#pending.delete(execution);
        this.#finish(execution, this.#timedOut(execution), now - pending.startedAt, now);
        this.#schedule();
      }
    }
  }

  #timedOut({ runId, seq, attempt }: Execution): ExecutionOutcome {
    const taskType = this.#host.taskType.name;
    const error = new PipelineError("EXECUTION_TIMEOUT", `The handler ran longer than ${this.#timeout} ms`, {
      role: "worker",
      taskType,
      itemId: itemId(runId, taskType, seq),
      attempts: attempt,
    });
    return { ok: false, error: toErrorInfo(error), retryable: true };
  }
}
