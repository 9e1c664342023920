import type { Execution } from "../../src/core/execution.ts";
import { WorkerCore } from "../../src/core/worker/worker-core.ts";
import type { WorkerPort } from "../../src/core/worker/worker-port.ts";
import { COLLECTOR_TO_WORKER, DISTRIBUTOR_TO_WORKER } from "../../src/protocol/message.ts";
import { inDirection } from "../support/in-direction.ts";
import { type Host, newHost, runOn, tickOn } from "./host.ts";
import type { Network, SimulatedLink } from "./network.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import type { WorldOptions } from "./world-options.ts";

export interface WorkerSetting {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly random: Random;
  readonly host: Host;
  readonly taskType: string;
  /** How many workers started before this one. */
  readonly number: number;
  readonly options: WorldOptions;
  executed(id: string, payload: Uint8Array): void;
  count(event: string, times?: number): void;
  /** Kills this worker, and has it replaced. */
  kill(): void;
  over(): void;
}

/** A worker's process: the real core on the simulated network, with a handler and a watching thread. */
export class SimulatedWorker {
  readonly #setting: WorkerSetting;
  readonly #core: WorkerCore;
  readonly #watcher: SimulatedLink | undefined;
  readonly #slots: number;
  #running = 0;
  /** Taken off the core's queue and not begun: the queues of a pool of threads. */
  #waiting: Execution[] = [];

  constructor(setting: WorkerSetting) {
    this.#setting = setting;
    const { timeline, network, random, host, taskType, number, options } = setting;
    this.#slots = options.slots ?? 1;
    let over = false;
    const port: WorkerPort = {
      toDistributor: (message) => distributor.send(message),
      toCollector: (message) => collector.send(message),
      begin: (welcome) => runOn(timeline, host, random.between(0, 20), () => core.initialised(welcome.runId)),
      abandon: () => {},
      takeBack: (count) => {
        setting.count("taken back from threads", Math.min(count, this.#waiting.length));
        return this.#waiting.splice(-count, count);
      },
      work: () => this.#workSoon(),
      over: () => {
        over = true;
        setting.over();
      },
      note: (event) => setting.count(event),
    };
    const core = new WorkerCore(
      { workerId: `w${number}`, taskType, concurrency: this.#slots, peerTimeoutMs: 60_000 },
      port,
    );
    this.#core = core;
    const distributor = network.connect("distributor", {
      host,
      onConnected: () => core.distributorConnected(),
      onDisconnected: () => core.distributorDisconnected(),
      onMessage: (message) => core.distributorMessage(inDirection(DISTRIBUTOR_TO_WORKER, message)),
    });
    const collector = network.connect("collector", {
      host,
      onConnected: () => core.collectorConnected(),
      onDisconnected: () => core.collectorDisconnected(),
      onMessage: (message) => core.collectorMessage(inDirection(COLLECTOR_TO_WORKER, message)),
    });
    const nothing = () => {};
    const watcherEnd = { onConnected: nothing, onDisconnected: nothing, onMessage: nothing };
    if (options.blocking !== undefined)
      this.#watcher = network.connect("distributor", { host: newHost(), ...watcherEnd });
    tickOn(
      timeline,
      host,
      (now) => core.tick(now),
      () => over,
    );
  }

  /** In a later turn, as the session does: messages that have arrived are read first, also those that came while the host was blocked. */
  #workSoon(): void {
    const { timeline, host } = this.#setting;
    runOn(timeline, host, 0, () => runOn(timeline, host, 0.1, () => this.#work()));
  }

  #work(): void {
    const { host, taskType, options, timeline } = this.#setting;
    while (this.#slots > 1 && this.#running + this.#waiting.length < 2 * this.#slots) {
      const next = host.alive ? this.#core.next() : undefined;
      if (next === undefined) break;
      this.#waiting.push(next);
    }
    const isFree = host.alive && this.#running < this.#slots;
    const execution = isFree ? (this.#waiting.shift() ?? this.#core.next()) : undefined;
    if (execution === undefined) return;
    this.#running += 1;
    const blocksFor = taskType === "a" ? options.blocking?.get(execution.seq) : undefined;
    if (blocksFor !== undefined) this.#block(execution, blocksFor);
    this.#execute(execution, (outcome, service) => {
      this.#running -= 1;
      this.#core.finished(execution, outcome, service, timeline.now);
      if (blocksFor === undefined) this.#work();
      else this.#workSoon();
    });
    if (this.#slots > 1) this.#work();
  }

  /** Blocks the main thread in an item: it receives and sends nothing. The connections live, and the watching thread reports. */
  #block({ seq, attempt }: Execution, ms: number): void {
    const { timeline, host, number, options, count, kill } = this.#setting;
    const { runId } = this.#core;
    const since = timeline.now;
    const { timeout = 0 } = options;
    host.frozenUntil = Math.max(host.frozenUntil, since + ms);
    const report = (delay: number) =>
      timeline.after(delay, () => {
        if (!host.alive || timeline.now >= since + ms) return;
        const expired = timeout > 0 && timeline.now > since + timeout + 500;
        count(expired ? "reported as expired" : "reported as blocked");
        this.#watcher?.send({
          type: "blocked",
          runId,
          workerId: `w${number}`,
          running: [{ seq, attempt }],
          expired,
        });
        if (expired) timeline.after(20, kill);
        else report(1000);
      });
    report(300);
  }

  #execute(
    execution: Execution,
    done: (outcome: Parameters<WorkerCore["finished"]>[1], service: number) => void,
  ): void {
    const { timeline, random, host, taskType, number, options } = this.#setting;
    const slow = taskType === "a" ? options.slow?.get(execution.seq) : undefined;
    const service = slow ?? random.between(0, options.service);
    const isBad = number < (options.bad ?? 0);
    runOn(timeline, host, isBad ? 0 : service, () => {
      this.#setting.executed(`${taskType}${execution.seq}`, execution.payload);
      if (taskType === "a" && options.poison?.includes(execution.seq)) {
        this.#setting.count("poisoned");
        return this.#setting.kill();
      }
      if (isBad || random.chance(options.failing ?? 0)) {
        const error = { name: "Error", message: "simulated", stack: "", code: "" };
        return done({ ok: false, error, retryable: true }, service);
      }
      done({ ok: true, payload: Uint8Array.of(2) }, service);
    });
  }
}
