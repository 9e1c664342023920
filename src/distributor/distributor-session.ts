import { randomBytes } from "node:crypto";
import { DistributorCore } from "../core/distributor/distributor-core.ts";
import type { DistributorCoreOptions, DistributorPort } from "../core/distributor/distributor-port.ts";
import { resolveRetryPolicy } from "../core/distributor/retry-policy.ts";
import type { TaskSpec } from "../core/distributor/task-spec.ts";
import { type UnreliableWorker, unreliableOf } from "../core/distributor/unreliable-worker.ts";
import { PipelineError } from "../errors.ts";
import type { OpenJournal } from "../journal/open-journal.ts";
import { openJournal } from "../journal/open-journal.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import type { RunStatus } from "../protocol/batch-message.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Inspect } from "../protocol/inspection-message.ts";
import {
  ACK_LINK_TO_DISTRIBUTOR,
  type AckLinkToDistributor,
  COLLECTOR_TO_DISTRIBUTOR,
  type CollectorToDistributor,
  type DistributorToAckLink,
  type DistributorToCollector,
  type DistributorToWorker,
  INSPECTOR_TO_ROLE,
  type InspectorToRole,
  type Message,
  type RoleToInspector,
  WORKER_TO_DISTRIBUTOR,
  type WorkerToDistributor,
} from "../protocol/message.ts";
import { decodePayload, encodePayload, type Payload } from "../protocol/payload/payload.ts";
import { descriptorWarning } from "../role/descriptor-limit.ts";
import { answerInspection } from "../role/inspection.ts";
import { linkOptions, listenOptions } from "../role/network.ts";
import { Session } from "../role/session.ts";
import { currentTracer, type Span } from "../tracing/tracer.ts";
import { narrowedLink, narrowedListener } from "../transport/narrowed.ts";
import type { Link, LinkHandler, Listener, ListenerHandler } from "../transport/transport.ts";
import { transportFor } from "../transport/transport-for.ts";
import type { ResolvedDistributorOptions } from "./distributor-options.ts";
import { MetadataListener } from "./metadata-listener.ts";
import { OutputGate } from "./output-gate.ts";
import { progressOf } from "./run-progress.ts";
import { explainRun, reportRun } from "./run-report.ts";
import type { RunProgress, RunSummary } from "./run-summary.ts";
import type { Task } from "./task.ts";
import { TaskSources } from "./task-sources.ts";

/** How long an error waits for the collector's first connection, in ms. */
const COLLECTOR_MS = 2000;

type SessionOptions = ResolvedDistributorOptions & Pick<DistributorCoreOptions, "owned">;

/** What whoever owns the workers' processes says. */
export interface WorkersOwner {
  /** How many workers are being started, by task type. */
  readonly expected: ReadonlyMap<string, number>;
}

/** Events of the core that a user should see. */
const WARNINGS: ReadonlySet<string> = new Set([
  "worker lost",
  "worker is unreliable",
  "worker does not answer",
]);

/** One run of a distributor: its sockets, the tasks' sources, and the core between them. */
export class DistributorSession extends Session<RunSummary> {
  readonly #options: SessionOptions;
  readonly #tasks: readonly Task<object, object, object>[];
  readonly #owner: WorkersOwner;
  readonly #sources: TaskSources;
  readonly #log = new RoleLog("distributor");
  readonly #refused = new BoundedLog(this.#log, "refused a peer or its message");
  readonly #startedAt = performance.now();
  readonly #listeners: Listener<DistributorToWorker | RoleToInspector>[] = [];
  #runId = randomBytes(8).toString("hex");
  #journal: OpenJournal | undefined;
  #gate: OutputGate | undefined;
  /** From the first moment of `open()`: the journal knows the run's id and its ledger. */
  #core: DistributorCore | undefined;
  #links:
    | { readonly data: Link<DistributorToCollector>; readonly ack: Link<DistributorToAckLink> }
    | undefined;
  #metadataListener: MetadataListener | undefined;
  #span: Span | undefined;
  #hasCollector = false;
  /** What ended the run before the collector was there. */
  #earlyError: Error | undefined;

  /** @param owner - Whoever starts the workers, if it is in this process. */
  constructor(tasks: readonly Task<object, object, object>[], options: SessionOptions, owner: WorkersOwner) {
    super();
    this.#options = options;
    this.#tasks = tasks;
    this.#owner = owner;
    this.#sources = new TaskSources(tasks, {
      ready: this.guard((name) => this.#core?.sourceReady(name)),
      failed: this.guard((error) => this.#fail(error)),
    });
  }

  get runId(): string {
    return this.#runId;
  }

  get progress(): RunProgress {
    return progressOf(this.#core, this.#tasks);
  }

  stop(timeout: number): void {
    // Later: it may be called from a task's hook, in the middle of the core's work.
    queueMicrotask(
      this.guard(() => {
        this.#core?.stop(timeout);
        void this.#sources.close(); // nothing more is produced
      }),
    );
  }

  protected async open(): Promise<void> {
    this.#openJournal();
    this.#span = currentTracer()?.begin({
      kind: "run",
      taskType: this.#tasks.map(({ taskType }) => taskType.name).join(" "),
      id: this.#runId,
      attempt: 0,
      parent: "",
    });
    this.#core = new DistributorCore(
      this.#tasks.map((task) => this.#spec(task)),
      {
        ...this.#options,
        runId: this.#runId,
        peerId: `distributor-${process.pid}-${randomBytes(4).toString("hex")}`,
        linkId: `distributor-${process.pid}-${randomBytes(16).toString("hex")}`,
        context: this.#span?.context ?? "",
      },
      this.#port(),
    );
    // Before anything is waited for: there are inputs that cannot wait.
    const prepared = this.#prepareEarly();
    const addresses = new Map(this.#tasks.map(({ endpoint }) => [endpoint.bindAddress, endpoint]));
    for (const endpoint of addresses.values())
      this.#listeners.push(await this.#listen(endpoint, this.#listeners.length));
    const { metadataEndpoint, network } = this.#options;
    if (metadataEndpoint !== undefined) {
      this.#metadataListener = new MetadataListener(
        this.#runId,
        this.guard((metadata) => this.#metadataArrived(metadata)),
        this.#log,
      );
      await this.#metadataListener.listen(metadataEndpoint, network);
    }
    this.#links = { data: this.#connect("data"), ack: this.#connect("ack") };
    const endpoint = [...addresses.values()].join(" ");
    const warning = descriptorWarning(this.#options.network);
    if (warning !== undefined) this.#log.write("warn", "few files may be open", { ...warning });
    this.#log.write("info", "run began", { runId: this.#runId, tasks: this.#tasks.length, endpoint });
    if (prepared !== undefined) this.#openTo(...prepared);
  }

  protected tick(now: number): void {
    const { peerTimeout } = this.#options;
    const isWaiting = this.#metadataListener?.received === false && this.#journal?.metadata === undefined;
    if (isWaiting && this.clock.now >= peerTimeout) {
      const endpoint = this.#options.metadataEndpoint?.address ?? "";
      const message = `No metadata arrived at ${JSON.stringify(endpoint)} within ${peerTimeout} ms`;
      this.#core?.fail(new PipelineError("METADATA_TIMEOUT", message, { role: "distributor", endpoint }));
    }
    if (this.#earlyError !== undefined && this.clock.now >= COLLECTOR_MS) this.#core?.fail(this.#earlyError);
    this.#core?.tick(now);
    this.#gate?.commit();
    const problem = this.#journal?.journal.tidy(this.#core?.tasks ?? []);
    if (problem !== undefined) this.#gate?.fail(problem);
  }

  protected async close(): Promise<void> {
    try {
      await this.#sources.close();
      const links = this.#links === undefined ? [] : [this.#links.data, this.#links.ack];
      const sockets = [...this.#listeners, ...links].map((socket) => socket.close());
      await Promise.all([...sockets, this.#metadataListener?.close()]);
    } finally {
      this.#endSpan(); // where it has not come to its end
      this.#journal?.close();
    }
  }

  #openJournal(): void {
    if (this.#options.journal === undefined) return;
    const names = this.#tasks.map(({ taskType }) => taskType.name);
    const keyed = new Set(
      this.#tasks.filter(({ key }) => key !== undefined).map(({ taskType }) => taskType.name),
    );
    const opened = openJournal(this.#options.journal, names, keyed);
    this.#journal = opened;
    this.#runId = opened.runId;
    this.#gate = new OutputGate(opened.journal, (error) => {
      this.#log.write("error", "journal failed", { message: error.message });
      // Later: it may be found out in the middle of the core's work.
      queueMicrotask(this.guard(() => this.#core?.fail(error)));
    });
    if (opened.torn > 0)
      this.#log.write("warn", "the journal's unfinished end was cut off", { bytes: opened.torn });
    if (opened.isComplete)
      this.#log.write("warn", "the journal's run is complete: nothing is executed", { runId: this.#runId });
    else if (opened.isResumed)
      this.#log.write("info", "run resumed from its journal", { runId: this.#runId });
  }

  #spec(task: Task<object, object, object>): TaskSpec {
    const { name } = task.taskType;
    return {
      name,
      dependencies: task.dependencies.map((type) => type.name),
      retry: resolveRetryPolicy(task.retry),
      timeout:
        task.timeout === undefined || task.timeout === Number.POSITIVE_INFINITY ? 0 : Math.ceil(task.timeout),
      source: this.#sources.of(name),
      expectedWorkers: this.#owner.expected.get(name) ?? 0,
      restored: this.#journal?.tasks.get(name),
      journal: this.#journal?.journal.taskJournal(name),
    };
  }

  #metadataArrived(metadata: Payload): void {
    if (this.#journal?.metadata !== undefined) return; // the run goes on with what it began with
    this.#journal?.journal.metadataArrived(encodePayload(metadata, "metadata"));
    this.#openTo(metadata, this.#sources.prepare(metadata, this.#journal?.tasks));
  }

  /** Prepares the tasks at once where the metadata is known, or there is none. */
  #prepareEarly(): [Payload, Promise<void>] | undefined {
    const known = this.#journal?.metadata;
    if (known === undefined && this.#options.metadataEndpoint !== undefined) return undefined;
    const metadata = known === undefined ? {} : decodePayload(known);
    const prepared = this.#sources.prepare(metadata, this.#journal?.tasks);
    prepared.catch(() => {}); // told by #openTo()
    return [metadata, prepared];
  }

  /** Opens the run to workers as soon as the tasks are prepared. */
  #openTo(metadata: Payload, prepared: Promise<void>): void {
    prepared.then(
      this.guard(() => this.#core?.open(encodePayload(metadata, "metadata"))),
      this.guard((error: Error) => this.#fail(error)),
    );
  }

  /**
   * Ends the run. An error that comes so early that the collector is not there waits for it, for a moment: it would not hear that the run
   * is over, and wait for long.
   */
  #fail(error: Error): void {
    if (this.#hasCollector || this.clock.now >= COLLECTOR_MS) this.#core?.fail(error);
    else this.#earlyError ??= error;
  }

  #collectorConnected(): void {
    this.#hasCollector = true;
    this.#core?.collectorConnected();
    if (this.#earlyError !== undefined) this.#core?.fail(this.#earlyError);
  }

  async #listen(
    endpoint: EndpointAddress,
    index: number,
  ): Promise<Listener<DistributorToWorker | RoleToInspector>> {
    // Connections of different listeners may have the same name.
    const prefix = `${index}:`;
    const handler: ListenerHandler<WorkerToDistributor | InspectorToRole> = {
      onMessage: this.guard((connection, message) => {
        if (message.type === "inspect") this.#listeners[index]?.send(connection, this.#inspected(message));
        else this.#core?.workerMessage(prefix + connection, message);
      }),
      onDisconnected: this.guard((connection) => this.#core?.workerDisconnected(prefix + connection)),
      onSomeDisconnected: this.guard(() => this.#core?.probe()),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
    };
    const options = listenOptions(this.#options.network, "distributor", ["worker"]);
    const heard = WORKER_TO_DISTRIBUTOR.and(INSPECTOR_TO_ROLE);
    return await transportFor(endpoint).listen(endpoint, narrowedListener(heard, handler), options);
  }

  /** Beside the run: who looks waits for no journal, and changes nothing. */
  #inspected(inspect: Inspect): RoleToInspector {
    const core = this.#core as DistributorCore; // from the first moment of `open()`
    return answerInspection(
      this.#runId,
      inspect,
      () => reportRun(core, this.#runId, this.progress, this.#startedAt),
      (taskType, seq) => explainRun(core, taskType, seq),
    );
  }

  #connect(link: "data" | "ack"): Link<DistributorToCollector | DistributorToAckLink> {
    const { collectorEndpoint, collectorAckEndpoint, network } = this.#options;
    const endpoint = link === "data" ? collectorEndpoint : collectorAckEndpoint;
    const handler: LinkHandler<CollectorToDistributor | AckLinkToDistributor> = {
      onConnected: this.guard(() =>
        link === "data" ? this.#collectorConnected() : this.#core?.ackLinkConnected(),
      ),
      onDisconnected: this.guard(() => this.#core?.collectorDisconnected(link)),
      onMessage: this.guard((message) => this.#core?.collectorMessage(link, message)),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
      onFailed: this.guard((error) => this.#core?.fail(error)),
    };
    const heard = link === "data" ? COLLECTOR_TO_DISTRIBUTOR : ACK_LINK_TO_DISTRIBUTOR;
    const options = linkOptions("distributor", network.security, "distributor", "collector");
    return transportFor(endpoint).connect(endpoint, narrowedLink(heard, handler), options);
  }

  #port(): DistributorPort {
    return {
      toWorker: (connection, message) => this.#pass(message, () => this.#toWorker(connection, message)),
      toCollector: (message) => this.#pass(message, () => this.#links?.data.send(message)),
      toAckLink: (message) => this.#pass(message, () => this.#links?.ack.send(message)),
      ackData: (task, data) => {
        this.#sources.of(task).ackData = decodePayload(data);
      },
      blamed: (worker, seq) =>
        this.#log.write("warn", "item is to blame for its worker's end", { worker, seq }),
      completed: ({ name, counts }) =>
        this.#log.write("info", "task complete", { taskType: name, ...counts }),
      over: (status, error) =>
        this.#letOut(
          this.guard(() => this.#over(status, error)),
          true,
        ),
      note: (event, facts) => this.#log.write(WARNINGS.has(event) ? "warn" : "debug", event, facts),
    };
  }

  #pass(message: Message, send: () => void): void {
    this.#letOut(this.guard(send), message.type === "end" || message.type === "bye");
  }

  #letOut(output: () => void, isFarewell: boolean): void {
    if (this.#gate === undefined) output();
    else this.#gate.pass(output, isFarewell);
  }

  #toWorker(connection: string, message: DistributorToWorker): void {
    const colon = connection.indexOf(":");
    this.#listeners[Number(connection.slice(0, colon))]?.send(connection.slice(colon + 1), message);
  }

  #unreliable(): UnreliableWorker[] {
    return [...(this.#core?.tasks ?? [])].flatMap(unreliableOf);
  }

  #endSpan(error?: unknown): void {
    const counts: Record<string, number> = {};
    for (const { name, counts: of } of this.#core?.tasks ?? []) {
      counts[`${name}.acked`] = of.acked;
      counts[`${name}.failed`] = of.failed;
    }
    this.#span?.end(error, counts);
    this.#span = undefined;
  }

  #over(status: RunStatus, error: Error | undefined): void {
    const duration = performance.now() - this.#startedAt;
    const tasks = Object.fromEntries(
      [...(this.#core?.tasks ?? [])].map((task) => [task.name, { ...task.counts }]),
    );
    this.#log.write("info", "run ended", { runId: this.#runId, status, duration: Math.round(duration) });
    this.#endSpan(error);
    if (status === "aborted") this.reject(error);
    else {
      const wasComplete = this.#journal?.isComplete === true ? ({ wasComplete: true } as const) : {};
      this.resolve({
        runId: this.#runId,
        status,
        duration,
        tasks,
        unreliableWorkers: this.#unreliable(),
        ...wasComplete,
      });
    }
  }
}
