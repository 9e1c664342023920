import type { ExecutionOutcome } from "../core/execution.ts";
import { FLUSH_MS, ServiceWorkerCore } from "../core/service-worker/service-worker-core.ts";
import type { ServiceExecution, ServiceWorkerPort } from "../core/service-worker/service-worker-port.ts";
import { PipelineError } from "../errors.ts";
import { ABORT_GRACE_MS } from "../executor/execution-timer.ts";
import type { Executor, ExecutorPort } from "../executor/executor.ts";
import { WorkLoop } from "../executor/work-loop.ts";
import type { WorkerHooks } from "../executor/worker-hooks.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { SERVICE_TO_WORKER, type ServiceToWorker, type WorkerToService } from "../protocol/message.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { isInstance, nameThrown } from "../protocol/thrown.ts";
import { connectTo } from "../role/logged-transport.ts";
import { linkOptions } from "../role/network.ts";
import { connectedPeer, type PeerState } from "../role/peer-state.ts";
import { Session } from "../role/session.ts";
import { FirstWork, type WorkStage } from "../role/work-signal.ts";
import { workerCoreOptions } from "../role/worker-core-options.ts";
import type { Security } from "../security/security.ts";
import type { Link, LinkHandler } from "../transport/transport.ts";
import { WorkerWatch } from "../watching/worker-watch.ts";
import { FlushSchedule } from "./flush-schedule.ts";
import type { ServiceWorkerSummary } from "./service-worker-summary.ts";

/** How long requests are executed before the event loop has its turn, in ms: only then do new messages arrive. */
const SLICE_MS = 2;

/** What a session needs to know about the user's worker. */
export interface ServiceWorkerHost {
  readonly workerId: string;
  readonly taskType: TaskType;
  readonly endpoint: EndpointAddress;
  readonly peerTimeoutMs: number;
  readonly security: Security | undefined;
  /** Longest execution in ms; 0: unlimited. */
  readonly timeoutMs: number;
  readonly executor: Executor;
  /** Whether the service runs in this process, too, and would be blocked with the worker. */
  readonly isHere: boolean;
  readonly hooks: WorkerHooks;
  /** Called at the beginning and at the end of the first request, and when the worker closes. */
  readonly onWork: ((stage: WorkStage) => void) | undefined;
}

/** One run of a service worker: its link, its executor, and the core between them. */
export class ServiceWorkerSession extends Session<ServiceWorkerSummary> {
  readonly #host: ServiceWorkerHost;
  readonly #core: ServiceWorkerCore;
  readonly #loop: WorkLoop<ServiceExecution>;
  readonly #log: RoleLog;
  readonly #firstWork: FirstWork;
  readonly #summary: { executed: number; failed: number; closeErrors?: readonly PipelineError[] } = {
    executed: 0,
    failed: 0,
  };
  #link: Link<WorkerToService> | undefined;
  /** Absent where the handler cannot block this thread, or the service runs in this thread, too. */
  #watch: WorkerWatch | undefined;
  /** The run of the service that the watching thread knows. */
  #watchedRun = "";
  readonly #flushes = new FlushSchedule(
    () => this.#core.flush(),
    (action) => this.guard(action),
  );
  #flushTimer: NodeJS.Timeout | undefined;
  #stopAt = Number.POSITIVE_INFINITY;

  constructor(host: ServiceWorkerHost) {
    super();
    this.#host = host;
    const { taskType, executor } = host;
    this.#log = new RoleLog("serviceworker", { taskType: taskType.name });
    this.#firstWork = new FirstWork(host.onWork);
    this.#core = new ServiceWorkerCore(workerCoreOptions(host), this.#port());
    this.#loop = new WorkLoop({
      executor,
      sliceMs: SLICE_MS,
      next: () => this.#next(),
      upcoming: (index) => this.#core.upcoming(index),
      ended: (execution, outcome, busyMs, now) => this.#finish(execution, outcome, busyMs, now),
      rest: () => this.#core.rest(),
      guard: (action) => this.guard(action),
    });
  }

  override get peers(): readonly PeerState[] {
    return [connectedPeer("the service", this.#host.endpoint, this.#core.hasService)];
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
    const { endpoint, executor, workerId, security } = this.#host;
    const refused = new BoundedLog(this.#log, "refused a peer or its message");
    const handler: LinkHandler<ServiceToWorker> = {
      onConnected: this.guard(() => this.#core.connected()),
      onDisconnected: this.guard(() => this.#core.disconnected()),
      onMessage: this.guard((message) => this.#core.message(message)),
      onRefused: (reason) => refused.add({ endpoint: endpoint.address, reason }),
      onFailed: this.guard((error) => this.#core.abort(error)),
    };
    const options = linkOptions("serviceworker", security, "worker", "service");
    if (executor.note !== undefined && endpoint.scheme !== "inproc" && !this.#host.isHere)
      this.#watch = new WorkerWatch(executor.note, {
        workerId,
        endpoint: endpoint.address,
        keys: options.keys,
      });
    this.#link = connectTo(endpoint, SERVICE_TO_WORKER, handler, options, this.#log);
    executor.open(this.#executorPort());
    this.#log.write("info", "worker began", { worker: workerId, endpoint: endpoint.address });
  }

  protected tick(now: number): void {
    this.#core.tick(now);
    this.#host.executor.tick(this.clock.now);
    this.#watch?.beat();
    this.#answerWatch();
    if (this.#watchedRun !== "") this.#watchRun(); // a service that is started again has another run
    if (this.clock.now >= this.#stopAt) this.#core.abort();
  }

  /** Tells the service that this worker is blocked no longer, where the worker was reported as blocked. */
  #answerWatch(): void {
    if (this.#watch?.takeReported()) this.#core.unblocked();
  }

  #watchRun(): void {
    const { runId } = this.#core;
    if (runId === "" || runId === this.#watchedRun) return;
    this.#watchedRun = runId;
    this.#watch?.begin(runId, "", this.#host.timeoutMs);
  }

  protected async close(): Promise<void> {
    this.#watch?.close();
    const { executor, hooks, onWork } = this.#host;
    onWork?.("closing");
    // No reply is needed any more. Handlers get some time to end, unless `stop()` has waited for them already.
    clearTimeout(this.#flushTimer);
    const grace = this.clock.now >= this.#stopAt ? 0 : ABORT_GRACE_MS;
    const [inThreads] = await Promise.all([executor.close(grace), this.#link?.close()]);
    const inWorker = await hooks.close();
    const errors = inWorker === undefined ? inThreads : [...inThreads, inWorker];
    for (const { message } of errors) this.#log.write("error", "a hook at the end failed", { message });
    if (errors.length > 0) this.#summary.closeErrors = errors;
  }

  #port(): ServiceWorkerPort {
    return {
      send: (message) => this.#link?.send(message),
      begin: () => this.#begin(),
      abandon: (execution) => this.#host.executor.abort(execution),
      work: () => this.#loop.start(),
      flushSoon: () => this.#flushes.soon(),
      flushLater: () => this.#flushLater(),
      over: (error) => {
        this.#log.write("info", "worker ended", { worker: this.#host.workerId, ...this.#summary });
        if (error === undefined) this.resolve(this.#summary);
        else this.reject(error);
      },
      note: (event, facts) => this.#log.write("debug", event, facts),
    };
  }

  #executorPort(): ExecutorPort {
    return {
      finished: this.guard((execution, outcome, busyMs) => {
        this.#finish(execution as ServiceExecution, outcome, busyMs, performance.now());
      }),
      upcoming: (index) => this.#core.upcoming(index),
      room: this.guard((atOnce) => (atOnce ? this.#loop.resume() : this.#loop.schedule())),
      waits: () => this.#host.onWork?.("waits"),
      resized: this.guard(() => this.#core.resized()),
      failed: this.guard((error) => this.#core.abort(error)),
      note: (event, facts) => this.#log.write("warn", event, facts),
      hint: (text) => this.#log.warn(text),
    };
  }

  #flushLater(): void {
    this.#flushTimer ??= setTimeout(
      this.guard(() => {
        this.#flushTimer = undefined;
        this.#core.flush();
      }),
      FLUSH_MS,
    );
  }

  #begin(): void {
    const begun = async () => {
      await this.#host.hooks.begin({});
      await this.#host.executor.begin({}, this.#host.timeoutMs, "");
      this.#watchRun();
    };
    begun().then(
      this.guard(() => this.#core.initialised()),
      this.guard((error: unknown) => this.#core.abort(this.#initFailed(error))),
    );
  }

  #initFailed(error: unknown): PipelineError {
    if (isInstance(error, PipelineError)) return error;
    const facts = { role: "serviceworker", taskType: this.#host.taskType.name, cause: error };
    const text = nameThrown(error);
    return new PipelineError("INIT_FAILED", `initWorker() threw: ${text}`, facts);
  }

  #next(): ServiceExecution | undefined {
    const execution = this.#core.next();
    if (execution !== undefined) this.#firstWork.begins();
    return execution;
  }

  #finish(execution: ServiceExecution, outcome: ExecutionOutcome, busyMs: number, now: number): boolean {
    this.#firstWork.ends();
    if (outcome.ok) {
      this.#summary.executed += 1;
    } else {
      this.#summary.failed += 1;
      this.#log.write("warn", "execution failed", {
        client: execution.sourceId,
        request: execution.seq,
        message: outcome.error.message,
      });
    }
    const isSent = this.#core.finished(execution, outcome, busyMs, now);
    this.#answerWatch();
    return isSent;
  }
}
