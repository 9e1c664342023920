import { randomBytes } from "node:crypto";
import { DistributorCore } from "../core/distributor/distributor-core.ts";
import type { DistributorCoreOptions, DistributorPort } from "../core/distributor/distributor-port.ts";
import type { Handled } from "../core/distributor/handled.ts";
import type { TaskSpec } from "../core/distributor/task-spec.ts";
import { PipelineError } from "../errors.ts";
import { type OpenJournal, openJournal } from "../journal/open-journal.ts";
import { RoleLog } from "../logging/logger.ts";
import { SparingLog } from "../logging/sparing-log.ts";
import type { RunStatus } from "../protocol/batch-message.ts";
import type { Message } from "../protocol/message.ts";
import { decodePayload, encodePayload, type Payload } from "../protocol/payload/payload.ts";
import { warnOfFewDescriptors } from "../role/descriptor-limit.ts";
import type { PeerState } from "../role/peer-state.ts";
import { Session } from "../role/session.ts";
import type { ResolvedDistributorOptions } from "./distributor-options.ts";
import { DistributorSockets, type DistributorSocketsHandler } from "./distributor-sockets.ts";
import { MetadataListener } from "./metadata-listener.ts";
import { OutputGate } from "./output-gate.ts";
import type { ResultsHere } from "./results-here.ts";
import { RunInspection } from "./run-inspection.ts";
import { RunPace } from "./run-pace.ts";
import { collectorAddresses, peersOfRun } from "./run-peers.ts";
import { progressOf } from "./run-progress.ts";
import { RunSpan } from "./run-span.ts";
import type { RunProgress, RunSummary } from "./run-summary.ts";
import { specOf } from "./spec-of.ts";
import { summaryOf } from "./summary-of.ts";
import type { RegisteredTask } from "./task.ts";
import { TaskSources } from "./task-sources.ts";
import { wasCompleteText } from "./was-complete-text.ts";
import type { WorkersOwner } from "./workers-owner.ts";

/** How long an error waits for the collector's first connection, in ms. */
const COLLECTOR_MS = 2000;

type SessionOptions = ResolvedDistributorOptions & Pick<DistributorCoreOptions, "owned">;

/** Events of the core that a user should see. */
const WARNINGS: ReadonlySet<string> = new Set([
  "worker lost",
  "worker is unreliable",
  "worker does not answer",
]);

/** One run of a distributor: its sockets, the tasks' sources, and the core between them. */
export class DistributorSession extends Session<RunSummary> implements ResultsHere {
  readonly #options: SessionOptions;
  readonly #tasks: readonly RegisteredTask[];
  readonly #owner: WorkersOwner;
  readonly #sources: TaskSources;
  readonly #log = new RoleLog("distributor");
  readonly #peerLog = new SparingLog(this.#log);
  readonly #startedAt = performance.now();
  readonly #sockets: DistributorSockets;
  readonly #inspection = new RunInspection(() => [this.#core, this.#runId, this.progress]);
  #runId = randomBytes(8).toString("hex");
  #journal: OpenJournal | undefined;
  #gate: OutputGate | undefined;
  /** Made at the beginning of `open()`: the journal has the run's id and its ledger. */
  #core: DistributorCore | undefined;
  #pace: RunPace | undefined;
  #metadataListener: MetadataListener | undefined;
  #span: RunSpan | undefined;
  #hasCollector = false;
  /** An error that arose before the collector was connected. */
  #earlyError: Error | undefined;

  /** @param owner - What is known of the workers that this process starts. */
  constructor(tasks: readonly RegisteredTask[], options: SessionOptions, owner: WorkersOwner) {
    super();
    this.#options = options;
    this.#tasks = tasks;
    this.#owner = owner;
    this.#sources = new TaskSources(tasks, {
      ready: this.guard((name) => this.#core?.sourceReady(name)),
      failed: this.guard((error) => this.#fail(error)),
    });
    this.#sockets = new DistributorSockets(options, this.#socketsHandler(), this.#log);
  }

  get runId(): string {
    return this.#runId;
  }

  get progress(): RunProgress {
    return progressOf(this.#core, this.#pace);
  }

  override get peers(): readonly PeerState[] {
    return peersOfRun(this.#core, this.#tasks, this.#options, this.#metadataListener?.received);
  }

  /** See `ResultsHere`. */
  readonly taken = this.guard((results: readonly Handled[]) => this.#core?.resultsHere("taken", results));

  /** See `ResultsHere`. */
  readonly handled = this.guard((results: readonly Handled[]) => {
    this.#core?.resultsHere("acked", results);
    this.#gate?.commit();
  });

  stop(timeoutMs: number): void {
    // In a microtask: a task's hook may call this in the middle of the core's work.
    queueMicrotask(
      this.guard(() => {
        this.#core?.stop(timeoutMs);
        void this.#sources.close(); // nothing more is produced
      }),
    );
  }

  protected async open(): Promise<void> {
    this.#openJournal();
    const names = this.#tasks.map(({ taskType }) => taskType.name);
    this.#span = new RunSpan(this.#runId, names);
    this.#core = new DistributorCore(
      this.#tasks.map((task) => this.#spec(task)),
      {
        ...this.#options,
        collectorAddresses: collectorAddresses(this.#options),
        runId: this.#runId,
        peerId: `distributor-${process.pid}-${randomBytes(4).toString("hex")}`,
        linkId: `distributor-${process.pid}-${randomBytes(16).toString("hex")}`,
        context: this.#span.context,
        newTicket: () => randomBytes(16).toString("hex"),
      },
      this.#port(),
    );
    this.#pace = new RunPace(this.#core.tasks, this.#tasks);
    // Before the first await: some inputs cannot wait.
    const prepared = this.#prepareEarly();
    const addresses = new Map(this.#tasks.map(({ endpoint }) => [endpoint.bindAddress, endpoint]));
    for (const endpoint of addresses.values()) await this.#sockets.listen(endpoint);
    const { metadataEndpoint, network } = this.#options;
    if (metadataEndpoint !== undefined) {
      this.#metadataListener = new MetadataListener(
        this.#runId,
        this.guard((metadata) => this.#metadataArrived(metadata)),
        this.clock,
        this.#log,
      );
      await this.#metadataListener.listen(metadataEndpoint, network);
    }
    this.#sockets.connect();
    const endpoint = [...addresses.values()].join(" ");
    warnOfFewDescriptors(this.#options.network, this.#log);
    this.#log.write("info", "run began", { runId: this.#runId, tasks: this.#tasks.length, endpoint });
    if (prepared !== undefined) this.#openTo(...prepared);
  }

  protected tick(now: number): void {
    const { peerTimeoutMs } = this.#options;
    const isWaiting = this.#metadataListener?.received === false && this.#journal?.metadata === undefined;
    if (isWaiting && this.clock.now >= peerTimeoutMs) {
      const endpoint = this.#options.metadataEndpoint?.address ?? "";
      const message = `No metadata arrived at ${JSON.stringify(endpoint)} within ${peerTimeoutMs} ms`;
      this.#core?.fail(new PipelineError("METADATA_TIMEOUT", message, { role: "distributor", endpoint }));
    }
    if (this.#earlyError !== undefined && this.clock.now >= COLLECTOR_MS) this.#core?.fail(this.#earlyError);
    this.#core?.tick(now);
    this.#pace?.look(this.#core?.tasks ?? [], now);
    this.#gate?.commit();
    this.#tidyJournal();
  }

  protected async close(): Promise<void> {
    try {
      await this.#sources.close();
      await Promise.all([this.#sockets.close(), this.#metadataListener?.close()]);
    } finally {
      this.#span?.end(this.#core?.tasks ?? []); // if the run has not come to its end
      this.#journal?.close();
    }
  }

  #tidyJournal(): void {
    const problem = this.#journal?.tidy(this.#core?.tasks ?? [], (what) => this.#log.warn(what));
    if (problem !== undefined) this.#gate?.fail(problem);
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
      // In a microtask: the write may fail in the middle of the core's work.
      queueMicrotask(this.guard(() => this.#core?.fail(error)));
    });
    for (const warning of opened.warnings) this.#log.warn(warning);
    if (opened.torn > 0) this.#log.warn(`the journal's unfinished end was cut off (${opened.torn} bytes)`);
    if (opened.isComplete) this.#log.warn(wasCompleteText(this.#options.journal.path, opened));
    else if (opened.isResumed)
      this.#log.write("info", "run resumed from its journal", { runId: this.#runId });
  }

  #spec(task: RegisteredTask): TaskSpec {
    const { name } = task.taskType;
    return {
      ...specOf(task),
      source: this.#sources.of(name),
      expectedWorkers: this.#owner.expected.get(name) ?? 0,
      restored: this.#journal?.tasks.get(name),
      journal: this.#journal?.journal.taskJournal(name),
    };
  }

  #metadataArrived(metadata: Payload): void {
    if (this.#journal?.metadata !== undefined) return; // a resumed run keeps the metadata that it began with
    this.#journal?.journal.metadataArrived(encodePayload(metadata, "metadata"));
    this.#openTo(metadata, this.#sources.prepare(metadata, this.#journal));
  }

  /** Prepares the tasks at once when the metadata is known, or none is to come. */
  #prepareEarly(): [Payload, Promise<void>] | undefined {
    const known = this.#journal?.metadata;
    if (known === undefined && this.#options.metadataEndpoint !== undefined) return undefined;
    const metadata = known === undefined ? {} : decodePayload(known);
    const prepared = this.#sources.prepare(metadata, this.#journal);
    prepared.catch(() => {}); // #openTo() handles the error
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
   * Ends the run with an error. An error that arises before the collector is connected waits for the connection, for
   * {@link COLLECTOR_MS} at most: the collector would otherwise not hear that the run is over, and wait for its `peerTimeoutMs`.
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

  #socketsHandler(): DistributorSocketsHandler {
    return {
      workerMessage: this.guard((...received) => this.#core?.workerMessage(...received)),
      workerDisconnected: this.guard((connection) => {
        this.#inspection.disconnected(connection);
        this.#core?.workerDisconnected(connection);
      }),
      someDisconnected: this.guard(() => this.#core?.probe()),
      inspect: this.guard((...asked) => {
        this.#inspection.asked(...asked);
        this.#core?.budgets.heard(asked[0], asked[1], 0);
      }),
      collectorConnected: this.guard((link) =>
        link === "data" ? this.#collectorConnected() : this.#core?.ackLinkConnected(),
      ),
      collectorDisconnected: this.guard((link) => this.#core?.collectorDisconnected(link)),
      collectorMessage: this.guard((...received) => this.#core?.collectorMessage(...received)),
      failed: this.guard((error) => this.#core?.fail(error)),
    };
  }

  #port(): DistributorPort {
    return {
      toWorker: (connection, message) => {
        if (message.type === "grant") this.#pace?.granting(performance.now());
        this.#pass(message, () => this.#sockets.toWorker(connection, message));
      },
      toCollector: (message) => this.#pass(message, () => this.#sockets.toCollector(message)),
      toAckLink: (message) => this.#pass(message, () => this.#sockets.toAckLink(message)),
      ackData: (task, data, seq) => this.#sources.acked(this.#runId, task, seq, data),
      blamed: (worker, seq) =>
        this.#peerLog.write("warn", "item is to blame for its worker's end", { worker, seq }),
      completed: (task) => {
        this.#pace?.ended(task, performance.now());
        this.#log.write("info", "task complete", { taskType: task.name, ...task.counts });
      },
      over: (status, error) =>
        this.#letOut(
          this.guard(() => this.#over(status, error)),
          true,
        ),
      exceeded: (connection) => this.#sockets.shun(connection),
      note: (event, facts) => this.#peerLog.write(WARNINGS.has(event) ? "warn" : "debug", event, facts),
    };
  }

  #pass(message: Message, send: () => void): void {
    this.#letOut(this.guard(send), message.type === "end" || message.type === "bye");
  }

  #letOut(output: () => void, isFarewell: boolean): void {
    if (this.#gate === undefined) output();
    else this.#gate.pass(output, isFarewell);
  }

  #over(status: RunStatus, error: Error | undefined): void {
    const now = performance.now();
    const { runId } = this;
    const duration = now - this.#startedAt;
    const ledgers = [...(this.#core?.tasks ?? [])];
    for (const task of ledgers) this.#pace?.ended(task, now);
    this.#log.write("info", "run ended", { runId, status, duration: Math.round(duration) });
    this.#span?.end(ledgers, error);
    const settle = () => {
      if (status === "aborted" || this.#pace === undefined) this.reject(error);
      else this.resolve(summaryOf({ runId, status, duration }, ledgers, this.#pace, this.#journal));
    };
    this.#inspection.end(status, error, this.guard(settle));
  }
}
