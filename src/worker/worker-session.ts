import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { WorkerCore } from "../core/worker/worker-core.ts";
import type { WorkerPort } from "../core/worker/worker-port.ts";
import { PipelineError } from "../errors.ts";
import { ABORT_GRACE_MS } from "../executor/execution-timer.ts";
import type { ExecutorPort } from "../executor/executor.ts";
import { WorkLoop } from "../executor/work-loop.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import type { Welcome } from "../protocol/batch-message.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { itemId } from "../protocol/item-id.ts";
import {
  COLLECTOR_TO_WORKER,
  type CollectorToWorker,
  DISTRIBUTOR_TO_WORKER,
  type DistributorToWorker,
  type WorkerToCollector,
  type WorkerToDistributor,
} from "../protocol/message.ts";
import { decodePayload } from "../protocol/payload/payload.ts";
import { isInstance, nameThrown } from "../protocol/thrown.ts";
import { concurrencyHint } from "../role/concurrency-hint.ts";
import { connectTo } from "../role/logged-transport.ts";
import { linkOptions } from "../role/network.ts";
import type { PeerState } from "../role/peer-state.ts";
import { Session } from "../role/session.ts";
import { FirstWork } from "../role/work-signal.ts";
import { workerCoreOptions } from "../role/worker-core-options.ts";
import type { KeyRole } from "../security/key-role.ts";
import type { Link, LinkHandler } from "../transport/transport.ts";
import { WorkerWatch } from "../watching/worker-watch.ts";
import type { WorkerHost } from "./worker-host.ts";
import { peersOfWorker } from "./worker-peers.ts";
import type { WorkerSummary } from "./worker-summary.ts";

/** How long executions follow one another before the event loop runs, in ms: a turn of the loop costs 0.4 ms after blocking work. */
const SLICE_MS = 100;

/** The same for async handlers, in ms: what they wait for arrives only when the event loop runs. */
const SHARED_SLICE_MS = 20;

/** How long a handler may take to react to its aborted signal after `stop()`'s timeout, in ms: less than a pipeline waits for the process. */
const CUT_OFF_GRACE_MS = 400;

/** One run of a worker: connects the core to the links, the executor and the user's hooks. */
export class WorkerSession extends Session<WorkerSummary> {
  readonly #host: WorkerHost;
  readonly #core: WorkerCore;
  readonly #loop: WorkLoop<Execution>;
  readonly #log: RoleLog;
  readonly #refused: BoundedLog;
  readonly #firstWork: FirstWork;
  readonly #summary: { executed: number; failed: number; closeErrors?: readonly PipelineError[] } = {
    executed: 0,
    failed: 0,
  };
  #links:
    | { readonly distributor: Link<WorkerToDistributor>; readonly collector: Link<WorkerToCollector> }
    | undefined;
  /** Absent when the handler cannot block this thread, or when the distributor runs in this thread, too. */
  #watch: WorkerWatch | undefined;
  #stopAt = Number.POSITIVE_INFINITY;
  /** The run for which nothing is initialised yet; items of it wait. */
  #awaited: Welcome | undefined;
  #isInitialising = false;
  /** Why nothing could be initialised after the worker was ready. */
  #initError: PipelineError | undefined;

  constructor(host: WorkerHost) {
    super();
    this.#host = host;
    this.#log = new RoleLog("worker", { taskType: host.taskType.name });
    this.#refused = new BoundedLog(this.#log, "refused a peer or its message");
    this.#firstWork = new FirstWork(host.onWork);
    const { executor } = host;
    this.#core = new WorkerCore(workerCoreOptions(host), this.#port());
    this.#loop = new WorkLoop({
      executor,
      sliceMs: executor.slots > 1 ? SHARED_SLICE_MS : SLICE_MS,
      next: () => this.#next(),
      upcoming: (index) => this.#core.upcoming(index),
      ended: (execution, outcome, busyMs, now) => this.#finish(execution, outcome, busyMs, now, false),
      guard: (action) => this.guard(action),
    });
  }

  override get peers(): readonly PeerState[] {
    return peersOfWorker(this.#host, this.#core);
  }

  stop(timeoutMs: number): void {
    queueMicrotask(
      this.guard(() => {
        this.#stopAt = this.clock.now + timeoutMs;
        this.#core.leave();
      }),
    );
  }

  protected async open(): Promise<void> {
    const { endpoint, collectorEndpoint, security } = this.#host;
    const onRefused = (endpoint: EndpointAddress) => (reason: string) =>
      this.#refused.add({ endpoint: endpoint.address, reason });
    const onFailed = this.guard((error: PipelineError) => this.#core.abort(error));
    const fromDistributor: LinkHandler<DistributorToWorker> = {
      onConnected: this.guard(() => this.#core.distributorConnected()),
      onDisconnected: this.guard(() => this.#core.distributorDisconnected()),
      onMessage: this.guard((message) => this.#core.distributorMessage(message)),
      onRefused: onRefused(endpoint),
      onFailed,
    };
    const fromCollector: LinkHandler<CollectorToWorker> = {
      onConnected: this.guard(() => this.#core.collectorConnected()),
      onDisconnected: this.guard(() => this.#core.collectorDisconnected()),
      onMessage: this.guard((message) => this.#core.collectorMessage(message)),
      onRefused: onRefused(collectorEndpoint),
      onFailed,
    };
    const options = (server: KeyRole) => linkOptions("worker", security, "worker", server);
    const toWatch = options("distributor");
    const { workerId, executor } = this.#host;
    if (executor.note !== undefined && endpoint.scheme !== "inproc" && !this.#host.isHere)
      this.#watch = new WorkerWatch(executor.note, {
        workerId,
        endpoint: endpoint.address,
        keys: toWatch.keys,
      });
    this.#links = {
      distributor: connectTo(endpoint, DISTRIBUTOR_TO_WORKER, fromDistributor, toWatch, this.#log),
      collector: connectTo(
        collectorEndpoint,
        COLLECTOR_TO_WORKER,
        fromCollector,
        options("collector"),
        this.#log,
      ),
    };
    this.#host.executor.open(this.#executorPort());
    this.#log.write("info", "worker began", { worker: this.#host.workerId, endpoint: endpoint.address });
  }

  protected tick(now: number): void {
    this.#core.tick(now);
    this.#host.executor.tick(this.clock.now);
    this.#watch?.beat();
    this.#answerWatch();
    if (this.clock.now >= this.#stopAt) this.#core.abort();
  }

  /** Tells the distributor that this thread is not blocked any more: it grants nothing to a worker that was reported as blocked. */
  #answerWatch(): void {
    if (this.#watch?.takeReported()) this.#core.unblocked();
  }

  protected async close(): Promise<void> {
    this.#watch?.close();
    const { executor, hooks, onWork } = this.#host;
    onWork?.("closing");
    // The results of handlers that still run are not needed. After stop()'s timeout they have only the time to react to their signals.
    const grace = this.clock.now >= this.#stopAt ? CUT_OFF_GRACE_MS : ABORT_GRACE_MS;
    const links = [this.#links?.distributor.close(), this.#links?.collector.close()];
    const [inThreads] = await Promise.all([executor.close(grace), ...links]);
    const inWorker = await hooks.close();
    const errors = inWorker === undefined ? inThreads : [...inThreads, inWorker];
    for (const { message } of errors) this.#log.write("error", "a hook at the end failed", { message });
    if (errors.length > 0) this.#summary.closeErrors = errors;
  }

  #port(): WorkerPort {
    return {
      toDistributor: (message) => this.#links?.distributor.send(message),
      toCollector: (message) => this.#links?.collector.send(message),
      begin: (welcome) => this.#begin(welcome),
      abandon: (execution) => this.#host.executor.abort(execution),
      takeBack: (count) => this.#host.executor.takeBack(count),
      work: () => (this.#awaited === undefined ? this.#loop.schedule() : this.#initLate(this.#awaited)),
      over: (status, error) => {
        this.#log.write("info", "worker ended", { worker: this.#host.workerId, status, ...this.#summary });
        const problem = error ?? this.#initError;
        if (problem === undefined) this.resolve(this.#summary);
        else this.reject(problem);
      },
      note: (event, facts) => this.#log.write("debug", event, facts),
    };
  }

  #executorPort(): ExecutorPort {
    return {
      finished: this.guard((execution, outcome, busyMs, more) => {
        this.#finish(execution, outcome, busyMs, performance.now(), more);
      }),
      upcoming: (index) => this.#core.upcoming(index),
      room: this.guard((atOnce) => (atOnce ? this.#loop.resume() : this.#loop.schedule())),
      waits: () => this.#waits(),
      resized: this.guard(() => this.#core.resized()),
      failed: this.guard((error) => this.#core.abort(error)),
      note: (event, facts) => this.#log.write("warn", event, facts),
      hint: (text) => this.#log.warn(text),
    };
  }

  /** A pipeline says it once for all of its workers. */
  #waits(): void {
    const { onWork, taskType } = this.#host;
    if (onWork === undefined)
      this.#log.warn(concurrencyHint(`The handler of task ${JSON.stringify(taskType.name)}`));
    else onWork("waits");
  }

  #begin(welcome: Welcome): void {
    this.#awaited = this.#host.initsLate ? welcome : undefined;
    const ready = () => this.#core.initialised(welcome.runId);
    // Later, because the core is in the middle of its own work.
    if (this.#host.initsLate) return queueMicrotask(this.guard(ready));
    this.#init(welcome).then(
      this.guard(ready),
      this.guard((error: unknown) => this.#core.abort(this.#initFailed(error))),
    );
  }

  /** The first item has arrived: the task's dependencies are complete. */
  #initLate(welcome: Welcome): void {
    if (this.#isInitialising) return;
    this.#isInitialising = true;
    this.#init(welcome).then(
      this.guard(() => {
        this.#isInitialising = false;
        if (this.#awaited === welcome) this.#awaited = undefined;
        // Another run has begun meanwhile.
        else if (this.#awaited !== undefined && this.#core.upcoming(0) !== undefined)
          return this.#initLate(this.#awaited);
        this.#loop.schedule();
      }),
      this.guard((error: unknown) => {
        this.#initError = this.#initFailed(error);
        this.#core.leave(); // gives the items back, which are not to blame
      }),
    );
  }

  async #init(welcome: Welcome): Promise<void> {
    const timeoutMs = this.#host.timeoutMs ?? welcome.timeoutMs;
    const metadata = decodePayload(welcome.metadata);
    const limitMs = timeoutMs === Number.POSITIVE_INFINITY ? 0 : timeoutMs;
    await this.#host.hooks.begin(metadata);
    await this.#host.executor.begin(metadata, limitMs, welcome.context);
    this.#watch?.begin(welcome.runId, welcome.ticket, limitMs);
  }

  #initFailed(error: unknown): PipelineError {
    if (isInstance(error, PipelineError)) return error;
    const facts = { role: "worker", taskType: this.#host.taskType.name, cause: error };
    const text = nameThrown(error);
    return new PipelineError("INIT_FAILED", `initWorker() threw: ${text}`, facts);
  }

  #next(): Execution | undefined {
    if (this.#awaited !== undefined) return undefined;
    const execution = this.#core.next();
    if (execution !== undefined) this.#firstWork.begins();
    return execution;
  }

  #finish(
    execution: Execution,
    outcome: ExecutionOutcome,
    busyMs: number,
    now: number,
    more: boolean,
  ): boolean {
    this.#firstWork.ends();
    if (outcome.ok) this.#summary.executed += 1;
    else this.#failed(execution, outcome.error.message);
    const isSent = this.#core.finished(execution, outcome, busyMs, now, more);
    this.#answerWatch();
    return isSent;
  }

  #failed(execution: Execution, message: string): void {
    this.#summary.failed += 1;
    const { sourceId, seq, attempt } = execution;
    const id = itemId(sourceId, this.#host.taskType.name, seq);
    this.#log.write("warn", "execution failed", { id, attempt, message });
  }
}
