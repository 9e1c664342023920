import { randomBytes } from "node:crypto";
import { TOO_MUCH } from "../core/connection-budgets.ts";
import { BrokerCore, type BrokerPort } from "../core/service/broker-core.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import { SparingLog } from "../logging/sparing-log.ts";
import type { Direction } from "../protocol/direction.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Inspect } from "../protocol/inspection-message.ts";
import {
  CLIENT_TO_SERVICE,
  INSPECTOR_TO_ROLE,
  type InspectorToRole,
  type Message,
  type RoleToInspector,
  type ServiceToClient,
  type ServiceToWorker,
  WORKER_TO_SERVICE,
} from "../protocol/message.ts";
import { warnOfFewDescriptors } from "../role/descriptor-limit.ts";
import { answerInspection } from "../role/inspection.ts";
import { Inspectors } from "../role/inspectors.ts";
import { listenAt } from "../role/logged-transport.ts";
import { listenOptions } from "../role/network.ts";
import { expectedPeer, type PeerState } from "../role/peer-state.ts";
import { Session } from "../role/session.ts";
import type { KeyRole } from "../security/key-role.ts";
import type { Listener, ListenerHandler } from "../transport/transport.ts";
import { FlushSchedule } from "./flush-schedule.ts";
import type { ResolvedServiceOptions } from "./service-options.ts";
import { reportService, type ServiceReport } from "./service-report.ts";
import type { ServiceStatus, ServiceSummary, ServiceTypeStatus } from "./service-summary.ts";

/** Matches events that are wrong with a worker, which are logged as warnings. */
const WARNINGS = /lost$|does not answer|fails/;

/** One run of a service: its two sockets, and the core between them. */
export class ServiceSession extends Session<ServiceSummary> {
  readonly #options: ResolvedServiceOptions;
  readonly #core: BrokerCore;
  readonly #runId = randomBytes(8).toString("hex");
  readonly #startedAt = performance.now();
  readonly #log = new RoleLog("service");
  readonly #peerLog = new SparingLog(this.#log);
  readonly #refused = new BoundedLog(this.#log, "refused a peer or its message");
  readonly #flushes = new FlushSchedule(
    () => this.#core.flush(),
    (action) => this.guard(action),
  );
  readonly #inspectors = new Inspectors();
  #frontend: Listener<ServiceToClient> | undefined;
  #backend: Listener<ServiceToWorker> | undefined;

  constructor(options: ResolvedServiceOptions) {
    super();
    this.#options = options;
    const runId = this.#runId;
    const peerId = `service-${process.pid}-${runId}`;
    this.#core = new BrokerCore({ ...options, runId, peerId }, this.#port());
  }

  get status(): ServiceStatus {
    const types: Record<string, ServiceTypeStatus> = {};
    for (const { name, workers, queue, suspects } of this.#core.types) {
      let running = 0;
      for (const worker of workers) running += worker.held.size;
      types[name] = { workers: workers.size, queued: queue.size + suspects.size, running };
    }
    return { ...this.#core.counts, clients: [...this.#core.clients].length, types };
  }

  /** How many requests of a task type its workers execute at a time. */
  places(taskType: string): number {
    for (const { name, workers } of this.#core.types)
      if (name === taskType) return [...workers].reduce((sum, { concurrency }) => sum + concurrency, 0);
    return 0;
  }

  override get peers(): readonly PeerState[] {
    const { backendEndpoint } = this.#options;
    const hasWorkers = [...this.#core.workers].length > 0;
    return [expectedPeer("a worker", backendEndpoint, hasWorkers)];
  }

  stop(timeoutMs: number): void {
    queueMicrotask(this.guard(() => this.#core.stop(timeoutMs)));
  }

  protected async open(): Promise<void> {
    const { frontendEndpoint, backendEndpoint } = this.#options;
    this.#backend = await this.#listen(backendEndpoint, "worker", WORKER_TO_SERVICE, {
      onMessage: this.guard((connection, message) => this.#core.workerMessage(connection, message)),
      onDisconnected: this.guard((connection) => this.#core.workerDisconnected(connection)),
    });
    this.#frontend = await this.#listen(frontendEndpoint, "client", CLIENT_TO_SERVICE, {
      onMessage: this.guard((connection, message) => this.#core.clientMessage(connection, message)),
      onDisconnected: this.guard((connection) => this.#core.clientDisconnected(connection)),
    });
    const addresses = { frontend: frontendEndpoint.address, backend: backendEndpoint.address };
    warnOfFewDescriptors(this.#options.network, this.#log);
    this.#log.write("info", "service began", addresses);
  }

  protected tick(now: number): void {
    this.#core.tick(now);
  }

  protected async close(): Promise<void> {
    await Promise.all([this.#frontend?.close(), this.#backend?.close()]);
  }

  async #listen<In extends Message>(
    endpoint: EndpointAddress,
    peers: KeyRole,
    direction: Direction<In>,
    handler: Pick<ListenerHandler<In>, "onMessage" | "onDisconnected">,
  ): Promise<Listener> {
    const all: ListenerHandler<In | InspectorToRole> = {
      ...handler,
      onMessage: this.guard((connection, message) => {
        if (INSPECTOR_TO_ROLE.allows(message)) {
          const answer = (reply: RoleToInspector) => listener.send(connection, reply);
          this.#inspectors.asked(connection, () => answer(this.#inspected(message)), answer);
          this.#core.budgets.heard(connection, message, 0);
        } else handler.onMessage(connection, message as In);
      }),
      onDisconnected: this.guard((connection) => {
        this.#inspectors.disconnected(connection);
        handler.onDisconnected(connection);
      }),
      onSomeDisconnected: this.guard(() => this.#core.probe()),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
    };
    const options = listenOptions(this.#options.network, "service", [peers]);
    const heard = direction.and(INSPECTOR_TO_ROLE);
    const listener = await listenAt(endpoint, heard, all, options, this.#log);
    return listener;
  }

  #inspected(inspect: Inspect): RoleToInspector {
    return answerInspection(
      this.#runId,
      inspect,
      () => this.#report(),
      (taskType) => this.#core.explain(taskType),
    );
  }

  #report(): ServiceReport {
    return reportService(this.#core, this.#runId, this.status, this.#startedAt);
  }

  #port(): BrokerPort {
    return {
      toClient: (connection, message) => {
        if (message.type === "refuse") this.#refused.add({ reason: message.reason });
        this.#frontend?.send(connection, message);
      },
      toWorker: (connection, message) => {
        if (message.type === "refuse") this.#refused.add({ reason: message.reason });
        this.#backend?.send(connection, message);
      },
      exceeded: (connection) => {
        for (const listener of [this.#frontend, this.#backend])
          if (listener?.owns(connection)) listener.shun(connection, TOO_MUCH);
      },
      flushSoon: () => this.#flushes.soon(),
      over: () => {
        this.#log.write("info", "service ended", { ...this.#core.counts });
        const outcome = { status: "stopped" } as const;
        const report = () => ({ ...this.#report(), outcome });
        const over = this.guard(() => this.resolve({ ...this.#core.counts }));
        this.#inspectors.end(this.#runId, report, over);
      },
      note: (event, facts) => this.#peerLog.write(WARNINGS.test(event) ? "warn" : "debug", event, facts),
    };
  }
}
