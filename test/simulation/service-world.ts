import assert from "node:assert/strict";
import { BrokerCore } from "../../src/core/service/broker-core.ts";
import type { RequestOutcome } from "../../src/core/service-client/pending-request.ts";
import { ServiceClientCore } from "../../src/core/service-client/service-client-core.ts";
import { CLIENT_TO_SERVICE, SERVICE_TO_CLIENT, WORKER_TO_SERVICE } from "../../src/protocol/message.ts";
import { type Host, newHost, runOn, tickOn } from "../../src/testing/simulator/host.ts";
import { inDirection } from "../../src/testing/simulator/in-direction.ts";
import { injectFault } from "../../src/testing/simulator/inject-fault.ts";
import { Network } from "../../src/testing/simulator/network.ts";
import { neverExceeded } from "../../src/testing/simulator/never-exceeded.ts";
import { Random } from "../../src/testing/simulator/random.ts";
import { Timeline } from "../../src/testing/simulator/timeline.ts";
import { checkBroker } from "./check-broker.ts";
import { must } from "./must.ts";
import type { ServiceFault, ServiceWorldOptions } from "./service-world-options.ts";
import { startServiceWorker } from "./simulated-service-worker.ts";

const TIMEOUT_MS = 20_000;

interface Asked {
  readonly idempotent: boolean;
  executions: number;
  outcome: string | undefined;
  /** The request's client died, so that no client waits for the outcome. */
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
  #brokerHost = newHost();
  readonly #workerHosts = new Set<Host>();
  readonly #clientHosts = new Map<Host, string>();
  #started = 0;
  #asking: number;

  constructor(options: ServiceWorldOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.network = new Network(this.timeline, this.random, () => {});
    this.#asking = options.clients;
    // Roles start in any order.
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

  /** Lets messages and requests under way end, and checks that nothing is left behind. */
  #settle(): void {
    const end = this.timeline.now + 10_000;
    while (this.timeline.now < end) this.timeline.step();
    const { broker } = this;
    if (broker === undefined) return;
    assert.equal(broker.unsettled, 0, "the broker must have nothing left");
    for (const worker of broker.workers) assert.equal(worker.held.size, 0, "no worker may hold anything");
  }

  #startBroker(): void {
    const host = newHost();
    this.#brokerHost = host;
    const core = new BrokerCore(
      {
        runId: `run${this.#started++}`,
        peerId: "broker",
        maxQueue: this.#options.maxQueue ?? 10_000,
        maxQueueBytes: 1 << 20,
        workerTimeoutMs: 5000,
        crashLimit: this.#options.crashLimit ?? 3,
        endWorkers: false, // the workers go on with the next broker
        endTimeoutMs: 2000,
      },
      {
        toClient: (connection, message) => toClient(connection, message),
        toWorker: (connection, message) => toWorker(connection, message),
        flushSoon: () => runOn(this.timeline, host, this.random.between(0, 0.5), () => core.flush()),
        // The messages of a broker get out before its sockets close.
        over: () => this.timeline.after(100, () => this.#killBroker(core)),
        exceeded: neverExceeded,
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
    tickOn(this.timeline, host, (now) => core.tick(now));
  }

  #startWorker(): void {
    const host = newHost();
    this.#workerHosts.add(host);
    startServiceWorker({
      timeline: this.timeline,
      network: this.network,
      random: this.random,
      host,
      workerId: `w${this.#started++}`,
      options: this.#options,
      executed: (id) => {
        const asked = this.asked.get(id);
        assert.ok(asked, "a request keeps its id wherever it goes");
        asked.executions += 1;
      },
      count: (event) => this.count(event),
      kill: () => this.#kill(host),
    });
  }

  #startClient(id: string): void {
    const host = newHost();
    this.#clientHosts.set(host, id);
    const core = new ServiceClientCore(
      { clientId: id, endpoint: "front" },
      {
        send: (message) => link.send(message),
        flushSoon: () => runOn(this.timeline, host, 0, () => core.flush()),
        note: (event) => this.count(event),
      },
    );
    const link = this.network.connect("front", {
      host,
      onConnected: () => core.connected(),
      onDisconnected: () => core.disconnected(),
      onMessage: (message) => core.message(inDirection(SERVICE_TO_CLIENT, message)),
    });
    tickOn(this.timeline, host, (now) => core.tick(now));
    let left = this.#options.requests;
    const ask = () => {
      if (left-- === 0) {
        this.#clientHosts.delete(host); // from now on its death would lose nothing
        this.#asking -= 1;
        return;
      }
      this.#ask(core, host, id);
      runOn(this.timeline, host, this.random.between(0, 2) * this.#options.every, ask);
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
      timeoutMs: TIMEOUT_MS,
      context: "",
      settle,
    };
    const pending = core.request(spec);
    assert.equal(pending.seq, next);
    this.asked.set(`${id}/${pending.seq}`, asked);
    if (!this.random.chance(this.#options.cancelling ?? 0)) return;
    runOn(this.timeline, host, this.random.between(0, 3 * this.#options.service), () => {
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
    injectFault(fault, this, {
      freezeWorker: (freeze) => freeze(worker),
      freezeClient: (freeze) => freeze(client),
      freezeBroker: (freeze) => freeze(this.#brokerHost),
      killWorker: () => worker !== undefined && this.#kill(worker),
      killClient: () => client !== undefined && this.#killClient(client),
      stopBroker: () => this.broker?.stop(10_000),
      killBroker: () => this.broker !== undefined && this.#killBroker(this.broker),
    });
  }

  /** Kills a broker that has not died yet, and starts another in its place. */
  #killBroker(broker: BrokerCore): void {
    if (this.broker !== broker) return;
    this.broker = undefined;
    this.#brokerHost.alive = false;
    this.network.drop(this.#brokerHost);
    this.timeline.after(this.random.between(50, 2000), () => this.#startBroker());
  }

  /** Kills a worker, and starts another in its place. */
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
}
