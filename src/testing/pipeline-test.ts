import { isDeepStrictEqual } from "node:util";
import { assertRunnable } from "../core/distributor/dependency-graph.ts";
import type { ResolvedTest } from "./check-options.ts";
import { differenceText } from "./difference-text.ts";
import { ExecutionExaminer } from "./execution-examiner.ts";
import type { FaultRates } from "./fault-rates.ts";
import { Findings } from "./findings.ts";
import type { ImportedWorker } from "./import-workers.ts";
import { interruptionFinding } from "./interruption-finding.ts";
import { type AwaitPlace, Interruptions } from "./interruptions.ts";
import { LateChanges } from "./late-changes.ts";
import { newCollector } from "./new-collector.ts";
import type { PipelineVerdict } from "./pipeline-verdict.ts";
import { PipelineWorld } from "./pipeline-world.ts";
import { raceFinding } from "./race-finding.ts";
import { registeredTasks } from "./registered-tasks.ts";
import { emptySourceFinding, otherItemsFinding, type RunRecord, resetFinding } from "./run-record.ts";
import { Random } from "./simulator/random.ts";
import { Snapshots } from "./snapshots.ts";
import { Tally } from "./tally.ts";
import { userCall } from "./user-call.ts";
import { verdictText } from "./verdict-text.ts";
import { watchingAwaits } from "./watched-call.ts";
import { type WorkerUnderTest, workersOf } from "./worker-under-test.ts";

/** The seed of the second run without faults, in which results arrive in another order. */
const OTHER_ORDER = 0xfeed;

/** The seed of the run in which each item is repeated. */
const REPEATING = 0x2e2e;

/** How many items are repeated in that run, about. */
const MOST_REPEATED = 100;

/** How much longer a run may take for each of its items, in virtual ms. */
const TIME_PER_ITEM_MS = 500;

/** At how many places handlers are killed. */
const MOST_PLACES = 100;

/** How many overlaps are tried alone. */
const MOST_OVERLAPS = 40;

const NO_FAULTS: FaultRates = {};

interface RunSetting {
  readonly seed: number;
  readonly faults: FaultRates;
  /** Finds out which call changes the snapshot after it has ended. */
  readonly isWatched?: boolean;
  /** The only overlap that happens. */
  readonly onlyOverlap?: number;
  /** Watches awaits. */
  readonly interruptions?: Interruptions;
  /** Kills collectors before their ACKs leave. */
  readonly losesAcks?: boolean;
  /** Gets what is found; without it, it is a finding of the test. */
  readonly findings?: Findings;
}

/** The runs of one call of `testPipeline()`. */
export class PipelineTest {
  readonly #options: ResolvedTest;
  readonly #workers: ReadonlyMap<string, WorkerUnderTest>;
  readonly #tally = new Tally();
  readonly #snapshots: Snapshots;
  readonly #findings = new Findings();
  /** Where handlers are killed. */
  #awaits: readonly AwaitPlace[] = [];
  /** The first run. */
  #reference: RunRecord | undefined;

  constructor(options: ResolvedTest, workers: readonly ImportedWorker[]) {
    this.#options = options;
    const tasks = registeredTasks(this.#options.tasks);
    assertRunnable(
      tasks.map(({ taskType, dependencies }) => ({
        name: taskType.name,
        dependencies: dependencies.map(({ name }) => name),
      })),
    );
    newCollector(this.#options.collector);
    const types = tasks.map(({ taskType }) => taskType);
    this.#workers = workersOf(workers, types);
    this.#snapshots = new Snapshots(this.#options);
  }

  async run(): Promise<PipelineVerdict> {
    const { seed, runs, faults } = this.#options;
    if (!(await this.#passesWithoutFaults())) return this.#verdict("in a run without faults");
    const repeating = this.#repeatingFaults();
    if (
      repeating !== undefined &&
      !(await this.#passes({ seed: REPEATING, faults: repeating, losesAcks: true }))
    )
      return this.#verdict("in the run that repeats items on purpose, and that every test makes");
    if (this.#awaits.length > 0 && !(await watchingAwaits(() => this.#bearsKillsAtAwaits())))
      return this.#verdict("in a run that kills a handler at an await, and that every test makes");
    for (let next = seed; next < seed + runs; next++)
      if (!(await this.#passes({ seed: next, faults })))
        return this.#verdict(`with seed ${next}, which repeats it`, next);
    return this.#verdict("");
  }

  get #hasFound(): boolean {
    return this.#findings.all.length > 0;
  }

  async #passesWithoutFaults(): Promise<boolean> {
    const { seed } = this.#options;
    const first = await this.#run({ seed, faults: NO_FAULTS });
    this.#reference = first;
    if (this.#hasFound) return false;
    if ([...first.given.values()].every((count) => count === 0)) {
      const message = "No task gave an item, so nothing was tested";
      this.#findings.add({ kind: "source", message });
      return false;
    }
    await this.#findLateChanges(first);
    if (this.#hasFound) return false;
    const second = await this.#seeingAwaits({ seed: OTHER_ORDER, faults: NO_FAULTS });
    if (!this.#hasFound) await this.#compareRuns(first, second);
    return !this.#hasFound;
  }

  /** Compares two runs without faults that differ in the order of results. */
  async #compareRuns(first: RunRecord, second: RunRecord): Promise<void> {
    if (isDeepStrictEqual(first.snapshot, second.snapshot)) return;
    // The order is to blame only if the same order gives the same outcome.
    const again = await this.#run({ seed: this.#options.seed, faults: NO_FAULTS });
    if (this.#hasFound) return;
    const source = otherItemsFinding(first, again);
    if (source !== undefined) return this.#findings.add(source);
    const isSame = isDeepStrictEqual(first.snapshot, again.snapshot);
    const [before, after] = [first.snapshot, isSame ? second.snapshot : again.snapshot];
    const difference = differenceText(before, after);
    const message = isSame
      ? `The outcome depends on the order in which results arrive: two runs without faults, in another order, ended with different snapshots: ${difference}`
      : `The outcome depends on something beside the items: two runs without faults, in the same order, ended with different snapshots, as with the time, random numbers, or state that reset() does not put back: ${difference}`;
    this.#findings.add({ kind: isSame ? "order" : "outside", message, before, after });
  }

  /** Finds out whether the state changes when the run is over: some work was started, and not awaited. */
  async #findLateChanges({ snapshot }: RunRecord): Promise<void> {
    const difference = await new LateChanges(this.#snapshots).since(snapshot);
    if (difference === undefined) return;
    await this.#run({ seed: this.#options.seed, faults: NO_FAULTS, isWatched: true });
    if (this.#hasFound) return;
    const { before, after } = difference;
    const message = `The snapshot changed when the run was over: a handler or a hook starts something that it does not await: ${differenceText(before, after)}`;
    this.#findings.add({ kind: "late", message, before, after });
  }

  /** Rates with which nearly every item is executed twice, and the collector killed behind nearly every result. */
  #repeatingFaults(): FaultRates | undefined {
    const { repeat = 0, killCollector = 0 } = this.#options.faults;
    const items = [...(this.#reference?.given.values() ?? [])].reduce((sum, count) => sum + count, 0);
    const rate = Math.min(1, MOST_REPEATED / items);
    if (repeat === 0 && killCollector === 0) return undefined;
    return { repeat: repeat > 0 ? rate : 0, killCollector: killCollector > 0 ? rate : 0 };
  }

  /** Makes a run, and draws where handlers are killed: at some of the places at which they await in it. */
  async #seeingAwaits(setting: RunSetting): Promise<RunRecord> {
    const { seed, faults } = this.#options;
    const { killAtAwait = 0 } = faults;
    if (killAtAwait === 0) return await this.#run(setting);
    const [interruptions, random] = [new Interruptions(), new Random(seed)];
    const run = await watchingAwaits(() => this.#run({ ...setting, interruptions }));
    this.#awaits = interruptions.places.filter(() => random.chance(killAtAwait));
    return run;
  }

  /** Kills handlers where they await: a run for each place, without other faults. */
  async #bearsKillsAtAwaits(): Promise<boolean> {
    for (const place of this.#awaits.slice(0, MOST_PLACES)) {
      if (this.#hasFound) return false;
      await this.#killAt(place);
    }
    return !this.#hasFound;
  }

  async #killAt(place: AwaitPlace): Promise<void> {
    const { seed, handlerTimeout } = this.#options;
    const [interruptions, findings] = [new Interruptions(place), new Findings()];
    const run = await this.#run({ seed, faults: NO_FAULTS, interruptions, findings });
    await interruptions.thaw(handlerTimeout);
    if (!interruptions.hasKilled) return;
    const found = interruptionFinding(place, findings.all[0], this.#reference?.snapshot, run.snapshot);
    if (found !== undefined) this.#findings.add(found);
  }

  /** Makes a run, and compares its end with that of the first one. */
  async #passes(setting: RunSetting): Promise<boolean> {
    const reference = this.#reference as RunRecord;
    const { snapshot, given, overlapped } = await this.#run(setting);
    if (overlapped.length > 0 && !this.#hasFound && !isDeepStrictEqual(reference.snapshot, snapshot))
      await this.#findRace(setting, overlapped.length);
    if (!this.#hasFound && !isDeepStrictEqual(reference.snapshot, snapshot)) {
      const counts = [...given].flatMap(([name, count]) => {
        const before = reference.given.get(name);
        return before === count
          ? []
          : [` Task ${JSON.stringify(name)} gave ${count} items instead of ${before}.`];
      });
      const [before, after] = [reference.snapshot, snapshot];
      const message = `The outcome differs: a run without faults and this one ended with different snapshots: ${differenceText(before, after)}.${counts.join("")}`;
      this.#findings.add({ kind: "outcome", message, before, after });
    }
    return !this.#hasFound;
  }

  /** Finds the pair of handlers that disturb each other, in runs that have one overlap each, and no other faults. */
  async #findRace({ seed, faults }: RunSetting, count: number): Promise<void> {
    const before = this.#reference?.snapshot;
    for (let index = 0; index < Math.min(2 * count, MOST_OVERLAPS) && !this.#hasFound; index++) {
      const run = await this.#run({ seed, faults: { overlap: faults.overlap ?? 0 }, onlyOverlap: index });
      const [pair] = run.overlapped;
      if (pair === undefined || isDeepStrictEqual(before, run.snapshot)) continue;
      this.#findings.add(raceFinding(pair, before, run.snapshot));
    }
  }

  async #run(setting: RunSetting): Promise<RunRecord> {
    const { seed, faults, isWatched = false, onlyOverlap, interruptions, losesAcks = false } = setting;
    const { reset, handlerTimeout } = this.#options;
    const reference = this.#reference;
    const [snapshots, workers] = [this.#snapshots, this.#workers];
    const findings = setting.findings ?? this.#findings;
    if (reset !== undefined) await userCall("reset()", handlerTimeout, reset);
    const initial = await snapshots.take();
    const late = isWatched ? new LateChanges(snapshots) : undefined;
    const options = this.#withTimeLimit();
    const examiner = new ExecutionExaminer(
      options,
      findings,
      snapshots,
      late,
      reference?.results,
      interruptions,
    );
    const world = new PipelineWorld({
      options,
      seed,
      faults,
      workers,
      findings,
      snapshots,
      examiner,
      late,
      interruptions,
      losesAcks,
      onlyOverlap,
    });
    await world.run();
    await world.close();
    this.#tally.add(world, examiner, interruptions);
    const { overlapped } = world.executions;
    const record = {
      overlapped,
      results: examiner.results,
      given: world.given,
      initial,
      snapshot: await snapshots.take(),
    };
    if (reference !== undefined && !this.#hasFound) {
      const wrong = resetFinding(reference, record) ?? emptySourceFinding(reference, record);
      if (wrong !== undefined) findings.add(wrong);
    }
    return record;
  }

  /** Without `timeLimit`, a run with many items may take longer than one with few. */
  #withTimeLimit(): ResolvedTest & { readonly timeLimit: number } {
    const { timeLimit, ...others } = this.#options;
    const items = [...(this.#reference?.given.values() ?? [])].reduce((sum, count) => sum + count, 0);
    return { ...others, timeLimit: timeLimit ?? 600_000 + TIME_PER_ITEM_MS * items };
  }

  #verdict(where: string, seed?: number): PipelineVerdict {
    const findings = this.#findings.all;
    const known = { findings, ...(seed === undefined ? {} : { seed }), tried: this.#tally.tried };
    const idle = [...(this.#reference?.given ?? [])].flatMap(([name, count]) => (count === 0 ? [name] : []));
    return { ok: findings.length === 0, ...known, text: verdictText(known, where, idle) };
  }
}
