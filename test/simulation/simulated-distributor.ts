import assert from "node:assert/strict";
import { DistributorCore } from "../../src/core/distributor/distributor-core.ts";
import type { DistributorPort } from "../../src/core/distributor/distributor-port.ts";
import { resolveRetryPolicy } from "../../src/core/distributor/retry-policy.ts";
import type { ItemSource, TaskSpec } from "../../src/core/distributor/task-spec.ts";
import { OutputGate } from "../../src/distributor/output-gate.ts";
import type { Durability } from "../../src/journal/journal-options.ts";
import { type OpenJournal, openOn } from "../../src/journal/open-journal.ts";
import type { Grant, RunStatus } from "../../src/protocol/batch-message.ts";
import {
  ACK_LINK_TO_DISTRIBUTOR,
  COLLECTOR_TO_DISTRIBUTOR,
  type Message,
  WORKER_TO_DISTRIBUTOR,
} from "../../src/protocol/message.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import { inDirection } from "../support/in-direction.ts";
import { checkGrant, checkInvariants } from "./check-invariants.ts";
import type { Host } from "./host.ts";
import type { MemoryFile } from "./memory-file.ts";
import type { Network } from "./network.ts";

const WINDOW = 64;

export interface DistributorSetting {
  readonly network: Network;
  readonly host: Host;
  readonly tasks: readonly string[];
  readonly items: number;
  /** Timeout of a task's executions in ms; 0: none. */
  readonly timeoutMs: number;
  /** How many workers each task will have; 0: unknown. */
  readonly expectedWorkers: number;
  /** The journal's file and durability; undefined: the ledger is in memory only. */
  readonly journal: { readonly file: MemoryFile; readonly durability: Durability } | undefined;
  /** Items that a worker was told to be settled, by any start of the distributor. */
  readonly confirmed: Set<string>;
  /** The next item's payload; each one is different, as in a source that does not repeat itself. */
  payload(): Uint8Array;
  count(event: string): void;
  over(status: RunStatus, error: Error | undefined): void;
}

/** One process of the distributor: the real core behind the real journal, on the simulated network. */
export class SimulatedDistributor {
  readonly core: DistributorCore;
  isTouched = true;
  readonly #setting: DistributorSetting;
  readonly #opened: Omit<OpenJournal, "close"> | undefined;
  readonly #gate: OutputGate | undefined;

  constructor(setting: DistributorSetting) {
    this.#setting = setting;
    const { network, host, journal, tasks } = setting;
    if (journal !== undefined) {
      const { file, durability } = journal;
      this.#opened = openOn(file, { path: "journal", durability, retryFailed: false, keep: false }, tasks);
      this.#gate = new OutputGate(this.#opened.journal, (error) => {
        throw error;
      });
      if (this.#opened.isResumed) setting.count("resumed");
      if (this.#opened.torn > 0) setting.count("torn tail");
    }
    const core = new DistributorCore(
      tasks.map((name) => this.#spec(name)),
      {
        runId: this.#opened?.runId ?? "run",
        peerId: "d",
        linkId: "secret",
        context: "",
        crashLimit: 3,
        minWorkers: 1,
        maxFailures: Number.POSITIVE_INFINITY,
        peerTimeoutMs: 60_000,
        endTimeoutMs: 5000,
        maxWindow: WINDOW,
        windowBytes: 1 << 20,
        windowTimeMs: 300,
      },
      this.#port(),
    );
    this.core = core;
    const touching =
      <Args extends unknown[]>(event: (...args: Args) => void) =>
      (...args: Args) => {
        this.isTouched = true;
        event(...args);
      };
    this.#toWorker = network.listen("distributor", {
      host,
      onMessage: touching((connection, message) =>
        core.workerMessage(connection, inDirection(WORKER_TO_DISTRIBUTOR, message)),
      ),
      onDisconnected: touching((connection) => core.workerDisconnected(connection)),
      onSomeDisconnected: touching(() => core.probe()),
    });
    this.#data = network.connect("collector", {
      host,
      onConnected: touching(() => core.collectorConnected()),
      onDisconnected: touching(() => core.collectorDisconnected("data")),
      onMessage: touching((message) =>
        core.collectorMessage("data", inDirection(COLLECTOR_TO_DISTRIBUTOR, message)),
      ),
    });
    this.#ack = network.connect("ack", {
      host,
      onConnected: touching(() => core.ackLinkConnected()),
      onDisconnected: touching(() => core.collectorDisconnected("ack")),
      onMessage: touching((message) =>
        core.collectorMessage("ack", inDirection(ACK_LINK_TO_DISTRIBUTOR, message)),
      ),
    });
  }

  /** Checks the invariants of the core, if an event has reached the core since the last check. */
  check(): void {
    if (!this.isTouched) return;
    this.isTouched = false;
    checkInvariants(this.core, WINDOW);
  }

  readonly #toWorker: (connection: string, message: Message) => void;
  readonly #data: { send(message: Message): void };
  readonly #ack: { send(message: Message): void };

  open(): void {
    this.isTouched = true;
    this.core.open(EMPTY);
  }

  tick(now: number): void {
    this.isTouched = true;
    this.core.tick(now);
    this.#gate?.commit();
    assert.equal(this.#opened?.journal.tidy(this.core.tasks), undefined);
  }

  #port(): DistributorPort {
    const { host, count, over } = this.#setting;
    const pass = (output: () => void) => {
      const living = () => {
        if (host.alive) output();
      };
      if (this.#gate === undefined) living();
      else this.#gate.pass(living);
    };
    return {
      toWorker: (connection, message) => {
        const worker = [...this.core.fleet.workers].find((other) => other.connection === connection);
        if (message.type === "grant" && worker !== undefined) checkGrant(worker, message.items);
        pass(() => {
          if (message.type === "grant") this.#checkGrant(connection, message);
          this.#toWorker(connection, message);
        });
      },
      toCollector: (message) => pass(() => this.#data.send(message)),
      toAckLink: (message) => pass(() => this.#ack.send(message)),
      ackData: () => {},
      blamed: () => count("blamed"),
      completed: ({ name }) => count(`completed ${name}`),
      over: (status, error) => pass(() => over(status, error)),
      note: count,
    };
  }

  /** Checks that a grant is true after any crash: a worker that was told that an item is settled never gets the item again. */
  #checkGrant(connection: string, { items, settled }: Grant): void {
    const worker = [...this.core.fleet.workers].find((other) => other.connection === connection);
    const { confirmed } = this.#setting;
    const name = worker?.task.name ?? "";
    for (const { seq } of items)
      assert.ok(
        !confirmed.has(`${name}${seq}`),
        `item ${name}${seq} was confirmed and must not go out again`,
      );
    for (const seq of settled) {
      const isDone =
        worker !== undefined && worker.task.items.get(seq) === undefined && seq < worker.task.nextSeq;
      if (isDone) confirmed.add(`${name}${seq}`);
    }
  }

  #spec(name: string): TaskSpec {
    const earlier = this.#opened?.tasks.get(name);
    let produced = earlier?.position ?? 0;
    const source: ItemSource = {
      pull: () => (produced++ < this.#setting.items ? this.#setting.payload() : "done"),
    };
    return {
      name,
      dependencies: name === "b" ? ["a"] : [],
      retry: resolveRetryPolicy({ backoff: 50 }),
      timeoutMs: this.#setting.timeoutMs,
      expectedWorkers: this.#setting.expectedWorkers,
      source,
      restored: earlier,
      journal: this.#opened?.journal.taskJournal(name),
    };
  }
}
