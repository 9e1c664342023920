import type { ExecutionExaminer } from "./execution-examiner.ts";
import type { Interruptions } from "./interruptions.ts";
import type { TriedFaults } from "./pipeline-verdict.ts";
import type { PipelineWorld } from "./pipeline-world.ts";

/** Counts what was tried, over all runs. */
export class Tally {
  readonly #tried: { -readonly [Name in keyof TriedFaults]: TriedFaults[Name] } = {
    runs: 0,
    items: 0,
    executions: 0,
    repeatedExecutions: 0,
    collections: 0,
    repeatedCollections: 0,
    killedWorkers: 0,
    killsAtAwaits: 0,
    killedCollectors: 0,
    killedDistributors: 0,
    lostConnections: 0,
    lostMessages: 0,
    duplicatedMessages: 0,
    freezes: 0,
    timeouts: 0,
    overlaps: 0,
    virtualTime: 0,
  };

  get tried(): TriedFaults {
    return { ...this.#tried };
  }

  /** A run has ended. */
  add(world: PipelineWorld, { counts }: ExecutionExaminer, interruptions?: Interruptions): void {
    const { history, faults, counters, network, timeline, given } = world;
    const tried = this.#tried;
    tried.runs += 1;
    for (const count of given.values()) tried.items += count;
    tried.executions += counts.executions;
    tried.repeatedExecutions += counts.repeated;
    tried.collections += history.counts.collections;
    tried.repeatedCollections += history.counts.repeated;
    tried.killedWorkers += faults.counts.killWorker ?? 0;
    tried.killsAtAwaits += interruptions?.hasKilled === true ? 1 : 0;
    tried.killedCollectors += faults.counts.killCollector ?? 0;
    tried.killedDistributors += faults.counts.killDistributor ?? 0;
    tried.lostConnections += faults.counts.loseConnection ?? 0;
    tried.timeouts += faults.counts.expire ?? 0;
    tried.overlaps += world.executions.overlapped.length;
    tried.freezes += faults.counts.freeze ?? 0;
    tried.duplicatedMessages += network.duplicated;
    tried.virtualTime += timeline.now;
    for (const [event, count] of Object.entries(counters))
      if (event.startsWith("lost ")) tried.lostMessages += count;
  }
}
