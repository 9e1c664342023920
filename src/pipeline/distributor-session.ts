import { randomBytes } from "node:crypto";
import { DistributorCore } from "../core/distributor-core.ts";
import type { DistributorPort } from "../core/distributor-port.ts";
import { resolveRetryPolicy } from "../core/retry-policy.ts";
import type { TaskSpec } from "../core/task-state.ts";
import { PipelineError } from "../errors.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Message, RunStatus } from "../protocol/message.ts";
import { decodePayload, encodePayload, type Payload } from "../protocol/payload.ts";
import { Session } from "../role/session.ts";
import type { Link, Listener } from "../transport/transport.ts";
import { transportFor } from "../transport/transport-for.ts";
import type { ResolvedDistributorOptions } from "./distributor-options.ts";
import { MetadataDesk } from "./metadata-desk.ts";
import type { RunProgress, RunSummary, TaskProgress } from "./run-summary.ts";
import type { Task } from "./task.ts";
import { TaskSource } from "./task-source.ts";

/** One run of a distributor: its sockets, the tasks' sources, and the core between them. */
export class DistributorSession extends Session<RunSummary> {
  readonly runId = randomBytes(8).toString("hex");
  readonly #options: ResolvedDistributorOptions;
  readonly #tasks: readonly Task<object, object, object>[];
  readonly #sources = new Map<string, TaskSource>();
  readonly #core: DistributorCore;
  readonly #log = new RoleLog("distributor");
  readonly #refused = new BoundedLog(this.#log, "refused what is not a message");
  readonly #startedAt = performance.now();
  readonly #listeners: Listener[] = [];
  #links: { readonly data: Link; readonly ack: Link } | undefined;
  #metadataDesk: MetadataDesk | undefined;

  constructor(tasks: readonly Task<object, object, object>[], options: ResolvedDistributorOptions) {
    super();
    this.#options = options;
    this.#tasks = tasks;
    const peerId = `distributor-${process.pid}-${this.runId}`;
    this.#core = new DistributorCore(
      tasks.map((task) => this.#spec(task)),
      { ...options, runId: this.runId, peerId },
      this.#port(),
    );
  }

  get progress(): RunProgress {
    const tasks: Record<string, TaskProgress> = {};
    for (const task of this.#core.tasks) {
      let inFlight = 0;
      for (const worker of task.workers) inFlight += worker.held;
      tasks[task.name] = { ...task.counts, phase: task.phase, inFlight, workers: task.workers.size };
    }
    return { workers: this.#core.fleet.size, tasks };
  }

  stop(timeout: number): void {
    // Later: it may be called from a task's hook, in the middle of the core's work.
    queueMicrotask(this.guard(() => this.#core.stop(timeout)));
  }

  protected async open(): Promise<void> {
    const addresses = new Map(this.#tasks.map(({ endpoint }) => [endpoint.bindAddress, endpoint]));
    for (const endpoint of addresses.values())
      this.#listeners.push(await this.#listen(endpoint, this.#listeners.length));
    const { metadataEndpoint } = this.#options;
    if (metadataEndpoint !== undefined) {
      this.#metadataDesk = new MetadataDesk(
        this.runId,
        this.guard((metadata) => this.#prepare(metadata)),
        this.#log,
      );
      this.#listeners.push(await this.#metadataDesk.listen(metadataEndpoint));
    }
    this.#links = { data: this.#connect("data"), ack: this.#connect("ack") };
    const endpoint = [...addresses.values()].join(" ");
    this.#log.write("info", "run began", { runId: this.runId, tasks: this.#tasks.length, endpoint });
    if (metadataEndpoint === undefined) this.#prepare({});
  }

  protected tick(now: number): void {
    const { peerTimeout } = this.#options;
    if (this.#metadataDesk?.received === false && this.clock.now >= peerTimeout) {
      const endpoint = this.#options.metadataEndpoint?.address ?? "";
      const message = `No metadata arrived at ${JSON.stringify(endpoint)} within ${peerTimeout} ms`;
      this.#core.fail(new PipelineError("METADATA_TIMEOUT", message, { role: "distributor", endpoint }));
    }
    this.#core.tick(now);
  }

  protected async close(): Promise<void> {
    await Promise.all([...this.#sources.values()].map((source) => source.close()));
    const links = this.#links === undefined ? [] : [this.#links.data, this.#links.ack];
    await Promise.all([...this.#listeners, ...links].map((socket) => socket.close()));
  }

  #spec(task: Task<object, object, object>): TaskSpec {
    const { name } = task.taskType;
    const source = new TaskSource(task, {
      ready: this.guard(() => this.#core.sourceReady(name)),
      failed: this.guard((error) => this.#core.fail(error)),
    });
    this.#sources.set(name, source);
    return {
      name,
      dependencies: task.dependencies.map((type) => type.name),
      retry: resolveRetryPolicy(task.retry),
      timeout:
        task.timeout === undefined || task.timeout === Number.POSITIVE_INFINITY ? 0 : Math.ceil(task.timeout),
      source,
    };
  }

  /** Initialises the tasks, then opens the run to workers. */
  #prepare(metadata: Payload): void {
    const initialize = async () => {
      for (const source of this.#sources.values()) await source.initialize(metadata);
    };
    initialize().then(
      this.guard(() => this.#core.open(encodePayload(metadata, "metadata"))),
      this.guard((error: Error) => this.#core.fail(error)),
    );
  }

  async #listen(endpoint: EndpointAddress, index: number): Promise<Listener> {
    // Connections of different listeners may have the same name.
    const prefix = `${index}:`;
    return await transportFor(endpoint).listen(endpoint, {
      onMessage: this.guard((connection, message) => this.#core.workerMessage(prefix + connection, message)),
      onDisconnected: this.guard((connection) => this.#core.workerDisconnected(prefix + connection)),
      onSomeDisconnected: this.guard(() => this.#core.probe()),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
    });
  }

  #connect(link: "data" | "ack"): Link {
    const { collectorEndpoint, collectorAckEndpoint } = this.#options;
    const endpoint = link === "data" ? collectorEndpoint : collectorAckEndpoint;
    return transportFor(endpoint).connect(endpoint, {
      onConnected: this.guard(() =>
        link === "data" ? this.#core.collectorConnected() : this.#core.ackLinkConnected(),
      ),
      onDisconnected: this.guard(() => this.#core.collectorDisconnected(link)),
      onMessage: this.guard((message) => this.#core.collectorMessage(link, message)),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
    });
  }

  #port(): DistributorPort {
    return {
      toWorker: (connection, message) => this.#toWorker(connection, message),
      toCollector: (message) => this.#links?.data.send(message),
      toAckLink: (message) => this.#links?.ack.send(message),
      ackData: (task, data) => {
        const source = this.#sources.get(task);
        if (source !== undefined) source.ackData = decodePayload(data);
      },
      completed: ({ name, counts }) =>
        this.#log.write("info", "task complete", { taskType: name, ...counts }),
      over: (status, error) => this.#over(status, error),
      note: (event, facts) => this.#log.write(event.endsWith("lost") ? "warn" : "debug", event, facts),
    };
  }

  #toWorker(connection: string, message: Message): void {
    const colon = connection.indexOf(":");
    this.#listeners[Number(connection.slice(0, colon))]?.send(connection.slice(colon + 1), message);
  }

  #over(status: RunStatus, error: Error | undefined): void {
    const duration = performance.now() - this.#startedAt;
    const tasks = Object.fromEntries([...this.#core.tasks].map((task) => [task.name, { ...task.counts }]));
    this.#log.write("info", "run ended", { runId: this.runId, status, duration: Math.round(duration) });
    if (status === "aborted") this.reject(error);
    else this.resolve({ runId: this.runId, status, duration, tasks });
  }
}
