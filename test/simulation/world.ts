import assert from "node:assert/strict";
import type { DistributorCore } from "../../src/core/distributor/distributor-core.ts";
import { resolveRetryPolicy } from "../../src/core/distributor/retry-policy.ts";
import type { ItemSource, TaskSpec } from "../../src/core/distributor/task-spec.ts";
import type { Execution, ExecutionOutcome } from "../../src/core/execution.ts";
import type { OpenJournal } from "../../src/journal/open-journal.ts";
import type { Grant } from "../../src/protocol/batch-message.ts";
import { seqOf } from "../../src/protocol/generation.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import type { Fault } from "../../src/testing/simulator/faults.ts";
import { type Host, newHost, runOn } from "../../src/testing/simulator/host.ts";
import { startCollector } from "../../src/testing/simulator/simulated-collector.ts";
import {
  type DistributorSetting,
  SimulatedDistributor,
  WINDOW,
} from "../../src/testing/simulator/simulated-distributor.ts";
import { SimulatedWorker } from "../../src/testing/simulator/simulated-worker.ts";
import { PATIENCE_MS, SimulatedWorld } from "../../src/testing/simulator/simulated-world.ts";
import { checkGrant, checkInvariants } from "./check-invariants.ts";
import { must } from "./must.ts";
import { isLie, pose } from "./poser.ts";
import type { WorldOptions } from "./world-options.ts";

/** A run of items that mean nothing, with the faults that a seed brings, and with checks after each step. */
export class World extends SimulatedWorld {
  /** For each start of the collector: how often its handler got each item. */
  readonly lives: Map<string, number>[] = [];
  readonly failures = new Map<string, { attempts: number; code: string }>();
  readonly executions = new Map<string, number>();
  readonly #options: WorldOptions;
  #produced = 0;
  /** Items that a worker was told to be settled, by any start of the distributor. */
  readonly #confirmed = new Set<string>();
  /** What each item contained when it was executed first. */
  readonly #payloads = new Map<string, string>();

  constructor(options: WorldOptions) {
    super(options);
    this.#options = options;
    const tasks = this.tasks();
    this.begin(Array.from({ length: options.workers }, (_, index) => tasks[index % tasks.length] as string));
    if (options.inventing !== undefined) this.#invent(options.inventing);
    if (options.posing !== undefined) pose(this, options.posing, options.items);
    for (const [fault, every] of Object.entries(options.faults ?? {})) this.#schedule(fault as Fault, every);
  }

  /** The core of the distributor's latest start. */
  get core(): DistributorCore {
    return this.distributor.core;
  }

  /** Runs until the distributor's run is over; throws when an invariant breaks or virtual time runs out. */
  run(limit = 600_000): void {
    while (this.outcome === undefined) {
      must(this.timeline.step(), "something is always to happen while the run goes on");
      must(this.timeline.now < limit, `the run must end within ${limit} virtual ms`);
      this.#check();
    }
    // Whatever was lost, no role waits for ever.
    const end = this.timeline.now + PATIENCE_MS;
    while (this.unfinished > 0 && this.timeline.step())
      must(this.timeline.now < end, "every role must end when the run is over");
  }

  /** Runs until `time`, in virtual ms. */
  runUntil(time: number): void {
    while (this.timeline.now < time) {
      must(this.timeline.step(), "something is always to happen");
      this.#check();
    }
  }

  tasks(): string[] {
    return this.#options.dependent === true ? ["a", "b"] : ["a"];
  }

  protected override makeDistributor(
    host: Host,
    journal: DistributorSetting["journal"],
  ): SimulatedDistributor {
    return new SimulatedDistributor({
      network: this.network,
      host,
      tasks: this.tasks(),
      journal,
      spec: (name, earlier) => this.#spec(name, earlier),
      limits: { trust: this.#options.trust ?? "any" },
      newTicket: () => this.newTicket(),
      granting: (core, connection, { items }) => {
        const worker = workerOf(core, connection);
        if (worker !== undefined) checkGrant(worker, items);
      },
      granted: (...grant) => this.#checkGranted(...grant),
      count: (event) => this.count(event),
      over: (status, error) => this.over(host, status, error),
    });
  }

  protected override makeCollector(host: Host): void {
    const seen = new Map<string, number>();
    this.lives.push(seen);
    const { timeline, network, random } = this;
    startCollector({
      timeline,
      network,
      host,
      peerId: `collector${this.lives.length}`,
      handle: (delivery, _more, done) =>
        runOn(timeline, host, random.between(0, 0.2), () => {
          const id = `${delivery.task}${delivery.seq}`;
          if (isLie(delivery.payload)) this.count("lies handled");
          if (delivery.error === undefined) seen.set(id, (seen.get(id) ?? 0) + 1);
          else this.failures.set(id, { attempts: delivery.attempt, code: delivery.error.code });
          done([[delivery, EMPTY]]);
        }),
      count: (event, times) => this.count(event, times),
      over: () => this.ended(host),
    });
  }

  protected override makeWorker(host: Host, taskType: string, number: number): void {
    const { timeline, network, random } = this;
    const { slots, timeout, blocking } = this.#options;
    new SimulatedWorker({
      timeline,
      network,
      host,
      taskType,
      number,
      slots,
      timeoutMs: timeout,
      blocking:
        blocking === undefined ? undefined : ({ seq }) => (taskType === "a" ? blocking.get(seq) : undefined),
      begin: (_welcome, ready) => runOn(timeline, host, random.between(0, 20), ready),
      execute: (execution, done) => this.#execute(host, taskType, number, execution, done),
      count: (event, times) => this.count(event, times),
      kill: () => this.killWorker(host),
      over: () => this.ended(host),
    });
  }

  #execute(
    host: Host,
    taskType: string,
    number: number,
    execution: Execution,
    done: (outcome: ExecutionOutcome, service: number) => void,
  ): void {
    const { random } = this;
    const options = this.#options;
    const slow = taskType === "a" ? options.slow?.get(execution.seq) : undefined;
    const service = slow ?? random.between(0, options.service);
    const isBad = number < (options.bad ?? 0);
    runOn(this.timeline, host, isBad ? 0 : service, () => {
      this.#executed(`${taskType}${execution.seq}`, execution.payload);
      if (taskType === "a" && options.poison?.includes(execution.seq)) {
        this.count("poisoned");
        return this.killWorker(host);
      }
      if (isBad || random.chance(options.failing ?? 0)) {
        const error = { name: "Error", message: "simulated", stack: "", code: "" };
        return done({ ok: false, error, retryable: true }, service);
      }
      done({ ok: true, payload: Uint8Array.of(2) }, service);
    });
  }

  #spec(name: string, earlier: OpenJournal["tasks"] | undefined): Omit<TaskSpec, "journal" | "restored"> {
    let produced = earlier?.get(name)?.position ?? 0;
    const source: ItemSource = {
      pull: () => (produced++ < this.#options.items ? this.#payload() : "done"),
    };
    return {
      name,
      dependencies: name === "b" ? ["a"] : [],
      retry: resolveRetryPolicy({ backoff: 50 }),
      timeoutMs: this.#options.timeout ?? 0,
      expectedWorkers: this.#options.bad === undefined ? 0 : this.#options.workers,
      source,
    };
  }

  /** The next item's payload; each one is different, as in a source that does not repeat itself. */
  #payload(): Uint8Array {
    const payload = Buffer.alloc(4);
    payload.writeUInt32LE(this.#produced++);
    return payload;
  }

  /** Checks the invariants of the core, if an event has reached the core since the last check. */
  #check(): void {
    const { distributor } = this;
    if (!distributor.isTouched) return;
    distributor.isTouched = false;
    checkInvariants(distributor.core, WINDOW);
  }

  /** Checks that a grant is true after any crash: a worker that was told that an item is settled never gets the item again. */
  #checkGranted(core: DistributorCore, connection: string, { items, settled }: Grant): void {
    const worker = workerOf(core, connection);
    const name = worker?.task.name ?? "";
    for (const { seq } of items)
      assert.ok(
        !this.#confirmed.has(`${name}${seq}`),
        `item ${name}${seq} was confirmed and must not go out again`,
      );
    // A peer that poses as a worker is never ready. It claims items that are not settled yet, and so may hear too early that they are.
    if (this.#options.posing !== undefined && worker?.phase.kind !== "ready") return;
    for (const seq of settled) {
      const isDone =
        worker !== undefined && worker.task.items.get(seq) === undefined && seq < worker.task.nextSeq;
      if (isDone) this.#confirmed.add(`${name}${seq}`);
    }
  }

  /** Counts an execution of an item, whose payload must be the same in each. */
  #executed(id: string, bytes: Uint8Array): void {
    this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
    const payload = Buffer.from(bytes).toString("hex");
    assert.equal(
      payload,
      this.#payloads.get(id) ?? payload,
      `item ${id} must be the same whenever it is executed`,
    );
    this.#payloads.set(id, payload);
  }

  /** A peer that has what a worker has reports items that the run does not have, of both generations. */
  #invent(every: number): void {
    const nothing = () => {};
    const end = { host: newHost(), onConnected: nothing, onDisconnected: nothing, onMessage: nothing };
    const link = this.network.connect("collector", end);
    const next = () =>
      this.timeline.after(this.random.between(0, 2 * every), () => {
        if (this.outcome !== undefined) return;
        const number = Math.floor(this.random.between(0, 20));
        const isAgain = this.random.chance(0.3);
        const seq = isAgain ? seqOf(number, 1) : this.#options.items + number;
        const items = [{ seq, attempt: 1, payload: EMPTY }];
        const taskType = this.tasks()[number % this.tasks().length] as string;
        this.count("invented results");
        link.send({
          type: "result",
          runId: this.distributor.runId,
          taskType,
          workerId: "liar",
          ticket: "",
          busyMs: 0,
          items,
        });
        next();
      });
    next();
  }

  #schedule(fault: Fault, every: number): void {
    this.timeline.after(this.random.between(0.2, 2) * every, () => {
      if (this.timeline.now > (this.#options.faultsUntil ?? 0) || this.outcome !== undefined) return;
      this.count(`fault ${fault}`);
      this.inject(fault);
      this.#schedule(fault, every);
    });
  }
}

function workerOf(core: DistributorCore, connection: string) {
  return [...core.fleet.workers].find((other) => other.connection === connection);
}
