import type { Execution, ExecutionOutcome } from "../../core/execution.ts";
import { WorkerCore } from "../../core/worker/worker-core.ts";
import type { WorkerPort } from "../../core/worker/worker-port.ts";
import type { Welcome } from "../../protocol/batch-message.ts";
import { COLLECTOR_TO_WORKER, DISTRIBUTOR_TO_WORKER } from "../../protocol/message.ts";
import { type Host, newHost, runOn, tickOn } from "./host.ts";
import { inDirection } from "./in-direction.ts";
import type { Network, SimulatedLink } from "./network.ts";
import type { Timeline } from "./timeline.ts";

export interface WorkerSetting {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly host: Host;
  readonly taskType: string;
  /** How many workers started before this one. */
  readonly number: number;
  /** How many items it executes at a time; above 1, as many wait beside them in threads. */
  readonly slots?: number | undefined;
  /** Longest execution in ms, for the watching thread; 0: no limit. */
  readonly timeoutMs?: number | undefined;
  /** How long an execution blocks the main thread, in ms. Without it there is no watching thread. */
  readonly blocking?: ((execution: Execution) => number | undefined) | undefined;
  /** A run begins; `ready` is to be called when the worker is initialised. */
  begin(welcome: Welcome, ready: () => void): void;
  /**
   * Executes an item.
   *
   * @param done - To be called with the outcome, and the time that it took in virtual ms.
   */
  execute(execution: Execution, done: (outcome: ExecutionOutcome, serviceMs: number) => void): void;
  count(event: string, times?: number): void;
  /** Kills this worker, and has it replaced. */
  kill(): void;
  over(error: Error | undefined): void;
}

/** A worker's process: the real core on the simulated network, with a watching thread where handlers block. */
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
    const { timeline, network, host, taskType, number } = setting;
    this.#slots = setting.slots ?? 1;
    let over = false;
    const port: WorkerPort = {
      toDistributor: (message) => distributor.send(message),
      toCollector: (message) => collector.send(message),
      begin: (welcome) => setting.begin(welcome, () => core.initialised(welcome.runId)),
      abandon: () => {},
      takeBack: (count) => {
        setting.count("taken back from threads", Math.min(count, this.#waiting.length));
        return this.#waiting.splice(-count, count);
      },
      work: () => this.#workSoon(),
      over: (_status, error) => {
        over = true;
        setting.over(error);
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
    if (setting.blocking !== undefined)
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
    const { host, timeline } = this.#setting;
    while (this.#slots > 1 && this.#running + this.#waiting.length < 2 * this.#slots) {
      const next = host.alive ? this.#core.next() : undefined;
      if (next === undefined) break;
      this.#waiting.push(next);
    }
    const isFree = host.alive && this.#running < this.#slots;
    const execution = isFree ? (this.#waiting.shift() ?? this.#core.next()) : undefined;
    if (execution === undefined) return;
    this.#running += 1;
    const blocksFor = this.#setting.blocking?.(execution);
    if (blocksFor !== undefined) this.#block(execution, blocksFor);
    this.#setting.execute(execution, (outcome, service) => {
      this.#running -= 1;
      this.#core.finished(execution, outcome, service, timeline.now);
      if (blocksFor === undefined) this.#work();
      else this.#workSoon();
    });
    if (this.#slots > 1) this.#work();
  }

  /** Blocks the main thread in an item: it receives and sends nothing. The connections live, and the watching thread reports. */
  #block({ seq, attempt }: Execution, ms: number): void {
    const { timeline, host, number, timeoutMs = 0, count, kill } = this.#setting;
    const { runId, ticket } = this.#core;
    const since = timeline.now;
    host.frozenUntil = Math.max(host.frozenUntil, since + ms);
    const report = (delay: number) =>
      timeline.after(delay, () => {
        if (!host.alive || timeline.now >= since + ms) return;
        const expired = timeoutMs > 0 && timeline.now > since + timeoutMs + 500;
        count(expired ? "reported as expired" : "reported as blocked");
        this.#watcher?.send({
          type: "blocked",
          runId,
          workerId: `w${number}`,
          ticket,
          running: [{ seq, attempt }],
          expired,
        });
        if (expired) timeline.after(20, kill);
        else report(1000);
      });
    report(300);
  }
}
