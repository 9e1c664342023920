import assert from "node:assert/strict";
import { BrokerCore } from "../../src/core/service/broker-core.ts";
import type { RequestOutcome } from "../../src/core/service-client/pending-request.ts";
import { ServiceClientCore } from "../../src/core/service-client/service-client-core.ts";
import { ServiceWorkerCore } from "../../src/core/service-worker/service-worker-core.ts";
import {
  CLIENT_TO_SERVICE,
  SERVICE_TO_CLIENT,
  SERVICE_TO_WORKER,
  WORKER_TO_SERVICE,
} from "../../src/protocol/message.ts";
import { inDirection } from "../support/in-direction.ts";
import { checkBroker } from "./check-broker.ts";
import { must } from "./must.ts";
import { type Host, Network } from "./network.ts";
import { Random } from "./random.ts";
import { Timeline } from "./timeline.ts";

export interface ServiceWorldOptions {
  readonly seed: number;
  readonly clients: number;
  readonly workers: number;
  /** Requests of each client, one every so many ms. */
  readonly requests: number;
  readonly every: number;
  /** Handler time in ms, drawn from 0 to this. */
  readonly service: number;
  readonly concurrency?: number;
  readonly maxQueue?: number;
  readonly crashLimit?: number;
  /** Share of requests that say that they are idempotent. */
  readonly idempotent?: number;
  /** Share of requests that their client cancels, after a while. */
  readonly cancelling?: number;
  /** Requests, by number, of the first client that kill the worker they run on. */
  readonly poison?: readonly number[];
  readonly faultsUntil?: number;
  readonly faults?: Partial<Record<ServiceFault, number>>;
}

/** Mean ms between two faults of a kind. */
export type ServiceFault =
  | "cut"
  | "mute"
  | "killWorker"
  | "killBroker"
  | "stopBroker"
  | "killClient"
  | "freezeWorker"
  | "freezeBroker"
  | "freezeClient";

const TICK = 20;
const TIMEOUT = 20_000;

interface Asked {
  readonly idempotent: boolean;
  executions: number;
  outcome: string | undefined;
  /** Its client died: nobody hears of it. */
  orphaned: boolean;
}

/** A broker, workers and clients on a simulated network, with the faults that a seed brings. */
export class ServiceWorld {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly network: Network;
  readonly counters: Record<string, number> = {};
  /** Every request by its id. */
  readonly asked = new Map<string, Asked>();
  broker: BrokerCore | undefined;
  readonly #options: ServiceWorldOptions;
  #brokerHost: Host = { alive: true, frozenUntil: 0 };
  readonly #workerHosts = new Set<Host>();
  readonly #clientHosts = new Map<Host, string>();
  #started = 0;
  #asking: number;

  constructor(options: ServiceWorldOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.network = new Network(this.timeline, this.random, () => {});
    this.#asking = options.clients;
    // Any start order.
    const soon = (start: () => void) => this.timeline.after(this.random.between(0, 300), start);
    soon(() => this.#startBroker());
    for (let n = 0; n < options.workers; n++) soon(() => this.#startWorker());
    for (let n = 0; n < options.clients; n++) soon(() => this.#startClient(`client${n}`));
    for (const [fault, every] of Object.entries(options.faults ?? {}))
      this.#schedule(fault as ServiceFault, every);
  }

  /** Runs until every request has ended; throws when an invariant breaks or virtual time runs out. */
  run(limit = 600_000): void {
    const isOver = () =>
      this.#asking === 0 &&
      [...this.asked.values()].every((each) => each.outcome !== undefined || each.orphaned);
    for (let steps = 0; steps % 20 !== 0 || !isOver(); steps++) {
      must(this.timeline.step(), "something is always to happen while requests are out");
      must(this.timeline.now < limit, `every request must end within ${limit} virtual ms`);
      if (this.broker !== undefined) checkBroker(this.broker);
    }
    this.#settle();
  }

  count(event: string): void {
    this.counters[event] = (this.counters[event] ?? 0) + 1;
  }

  /** Lets what is under way end, and looks for what was left behind. */
  #settle(): void {
    const end = this.timeline.now + 10_000;
    while (this.timeline.now < end) this.timeline.step();
    const { broker } = this;
    if (broker === undefined) return;
    assert.equal(broker.unsettled, 0, "the broker must have nothing left");
    for (const worker of broker.workers) assert.equal(worker.held.size, 0, "no worker may hold anything");
  }

  #startBroker(): void {
    const host: Host = { alive: true, frozenUntil: 0 };
    this.#brokerHost = host;
    const core = new BrokerCore(
      {
        runId: `run${this.#started++}`,
        peerId: "broker",
        maxQueue: this.#options.maxQueue ?? 10_000,
        maxQueueBytes: 1 << 20,
        workerTimeout: 5000,
        crashLimit: this.#options.crashLimit ?? 3,
        endWorkers: false, // they go on with the next one
        endTimeout: 2000,
      },
      {
        toClient: (connection, message) => toClient(connection, message),
        toWorker: (connection, message) => toWorker(connection, message),
        flushSoon: () => this.#later(host, this.random.between(0, 0.5), () => core.flush()),
        // What it has sent gets out before its sockets close.
        over: () => this.timeline.after(100, () => this.#killBroker(core)),
        note: (event) => this.count(event),
      },
    );
    const toClient = this.network.listen("front", {
      host,
      onMessage: (connection, message) =>
        core.clientMessage(connection, inDirection(CLIENT_TO_SERVICE, message)),
      onDisconnected: (connection) => core.clientDisconnected(connection),
      onSomeDisconnected: () => core.probe(),
    });
    const toWorker = this.network.listen("back", {
      host,
      onMessage: (connection, message) =>
        core.workerMessage(connection, inDirection(WORKER_TO_SERVICE, message)),
      onDisconnected: (connection) => core.workerDisconnected(connection),
      onSomeDisconnected: () => core.probe(),
    });
    this.broker = core;
    this.#ticks(host, (now) => core.tick(now));
  }

  #startWorker(): void {
    const host: Host = { alive: true, frozenUntil: 0 };
    this.#workerHosts.add(host);
    const concurrency = this.#options.concurrency ?? 1;
    let busy = 0;
    const work = () => {
      while (host.alive && busy < concurrency) {
        const execution = core.next();
        if (execution === undefined) break;
        busy += 1;
        const id = `${execution.sourceId}/${execution.seq}`;
        const asked = this.asked.get(id);
        assert.ok(asked, "a request keeps its id wherever it goes");
        asked.executions += 1;
        const service = this.random.between(0, this.#options.service);
        this.#later(host, service, () => {
          busy -= 1;
          if (execution.sourceId === "client0" && this.#options.poison?.includes(execution.seq))
            return this.#kill(host);
          core.finished(execution, { ok: true, payload: execution.payload }, service, this.timeline.now);
          work();
        });
      }
      core.rest();
    };
    const core = new ServiceWorkerCore(
      { workerId: `w${this.#started++}`, taskType: "t", concurrency, peerTimeout: Number.POSITIVE_INFINITY },
      {
        send: (message) => link.send(message),
        begin: () => this.#later(host, this.random.between(0, 20), () => core.initialised()),
        abandon: () => true,
        work,
        flushSoon: () => this.#later(host, 0, () => core.flush()),
        flushLater: () => this.#later(host, 1, () => core.flush()),
        over: () => {},
        note: (event) => this.count(event),
      },
    );
    const link = this.network.connect("back", {
      host,
      onConnected: () => core.connected(),
      onDisconnected: () => core.disconnected(),
      onMessage: (message) => core.message(inDirection(SERVICE_TO_WORKER, message)),
    });
    this.#ticks(host, (now) => core.tick(now));
  }

  #startClient(id: string): void {
    const host: Host = { alive: true, frozenUntil: 0 };
    this.#clientHosts.set(host, id);
    const core = new ServiceClientCore(
      { clientId: id, endpoint: "front" },
      {
        send: (message) => link.send(message),
        flushSoon: () => this.#later(host, 0, () => core.flush()),
        note: (event) => this.count(event),
      },
    );
    const link = this.network.connect("front", {
      host,
      onConnected: () => core.connected(),
      onDisconnected: () => core.disconnected(),
      onMessage: (message) => core.message(inDirection(SERVICE_TO_CLIENT, message)),
    });
    this.#ticks(host, (now) => core.tick(now));
    let left = this.#options.requests;
    const ask = () => {
      if (left-- === 0) {
        this.#clientHosts.delete(host); // it has nothing to lose
        this.#asking -= 1;
        return;
      }
      this.#ask(core, host, id);
      this.#later(host, this.random.between(0, 2) * this.#options.every, ask);
    };
    ask();
  }

  #ask(core: ServiceClientCore, host: Host, id: string): void {
    const idempotent = this.random.chance(this.#options.idempotent ?? 0);
    const asked: Asked = { idempotent, executions: 0, outcome: undefined, orphaned: false };
    const settle = (outcome: RequestOutcome) => {
      assert.equal(asked.outcome, undefined, "a request ends once");
      asked.outcome = outcome.ok ? "ok" : outcome.error.code;
      this.count(asked.outcome);
      if (outcome.ok) assert.equal(outcome.payload[0], pending.seq % 256, "a reply is that of its request");
      const neverRan = ["SERVICE_BUSY", "NO_WORKER", "PEER_TIMEOUT", "SERVICE_STOPPED"].includes(
        asked.outcome,
      );
      if (neverRan && !idempotent)
        assert.equal(asked.executions, 0, `${asked.outcome} says that it did not run`);
    };
    const next = [...this.asked.keys()].filter((key) => key.startsWith(`${id}/`)).length + 1;
    const spec = {
      taskType: "t",
      payload: Uint8Array.of(next % 256),
      idempotent,
      timeout: TIMEOUT,
      context: "",
      settle,
    };
    const pending = core.request(spec);
    assert.equal(pending.seq, next);
    this.asked.set(`${id}/${pending.seq}`, asked);
    if (!this.random.chance(this.#options.cancelling ?? 0)) return;
    this.#later(host, this.random.between(0, 3 * this.#options.service), () => {
      if (asked.outcome !== undefined) return;
      core.cancel(pending);
      asked.outcome = "cancelled";
      this.count("cancelled");
    });
  }

  #schedule(fault: ServiceFault, every: number): void {
    this.timeline.after(this.random.between(0.2, 2) * every, () => {
      if (this.timeline.now > (this.#options.faultsUntil ?? 0)) return;
      this.count(`fault ${fault}`);
      this.#inject(fault);
      this.#schedule(fault, every);
    });
  }

  #inject(fault: ServiceFault): void {
    const worker = this.random.pick([...this.#workerHosts]);
    const client = this.random.pick([...this.#clientHosts.keys()]);
    const connection = this.random.pick([...this.network.connections.values()]);
    const freeze = (host: Host | undefined) => {
      if (host !== undefined) this.network.freeze(host, this.random.between(100, 5000));
    };
    if (fault === "cut" && connection !== undefined) this.network.cut(connection);
    else if (fault === "mute" && connection !== undefined) {
      this.network.mute(connection, this.random.chance(0.5) ? "toServer" : "toClient");
    } else if (fault === "freezeWorker") freeze(worker);
    else if (fault === "freezeClient") freeze(client);
    else if (fault === "freezeBroker") freeze(this.#brokerHost);
    else if (fault === "killWorker" && worker !== undefined) this.#kill(worker);
    else if (fault === "killClient" && client !== undefined) this.#killClient(client);
    else if (fault === "stopBroker") this.broker?.stop(10_000);
    else if (fault === "killBroker" && this.broker !== undefined) this.#killBroker(this.broker);
  }

  /** A broker dies, if it has not already, and is replaced. */
  #killBroker(broker: BrokerCore): void {
    if (this.broker !== broker) return;
    this.broker = undefined;
    this.#brokerHost.alive = false;
    this.network.drop(this.#brokerHost);
    this.timeline.after(this.random.between(50, 2000), () => this.#startBroker());
  }

  /** A worker dies and is replaced. */
  #kill(host: Host): void {
    if (!host.alive) return;
    host.alive = false;
    this.#workerHosts.delete(host);
    this.network.drop(host);
    this.timeline.after(this.random.between(50, 500), () => this.#startWorker());
  }

  #killClient(host: Host): void {
    const id = this.#clientHosts.get(host);
    host.alive = false;
    this.#clientHosts.delete(host);
    this.network.drop(host);
    this.#asking -= 1;
    for (const [key, asked] of this.asked) if (key.startsWith(`${id}/`)) asked.orphaned = true;
  }

  #ticks(host: Host, tick: (now: number) => void): void {
    this.#later(host, TICK, () => {
      tick(this.timeline.now);
      this.#ticks(host, tick);
    });
  }

  /** On a host, when it is not frozen; never when it is dead. */
  #later(host: Host, delay: number, action: () => void): void {
    this.timeline.after(delay, () => {
      if (!host.alive) return;
      if (host.frozenUntil > this.timeline.now)
        this.#later(host, host.frozenUntil - this.timeline.now, action);
      else action();
    });
  }
}
