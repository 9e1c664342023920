import { isDeepStrictEqual } from "node:util";
import { assertRunnable } from "../core/distributor/dependency-graph.ts";
import { makeCollector } from "../pipeline/local-roles.ts";
import { atCaller } from "../self/at-caller.ts";
import { checkOptions, type ResolvedTest } from "./check-options.ts";
import { ExecutionExaminer, type FirstResult } from "./execution-examiner.ts";
import type { FaultRates } from "./fault-rates.ts";
import { Findings, shortText } from "./findings.ts";
import { PipelineTestError } from "./pipeline-test-error.ts";
import type { PipelineTestOptions } from "./pipeline-test-options.ts";
import type { PipelineVerdict } from "./pipeline-verdict.ts";
import { PipelineWorld } from "./pipeline-world.ts";
import { registeredTasks } from "./registered-tasks.ts";
import { Snapshots } from "./snapshots.ts";
import { Tally } from "./tally.ts";
import { userCall } from "./user-call.ts";
import { verdictText } from "./verdict-text.ts";
import { type WorkerUnderTest, workersOf } from "./worker-under-test.ts";

/** What a run without faults has shown. */
interface Reference {
  readonly results: ReadonlyMap<string, FirstResult>;
  readonly snapshot: unknown;
}

/** The seed of the second run without faults, in which results arrive in another order. */
const OTHER_ORDER = 0x5eed;

/**
 * Runs a pipeline's tasks and handlers in this process, on virtual time and a simulated network, again and again: twice without faults, and
 * then with kills, lost and duplicated messages, and restarts, which a seed draws. Says which handler is not idempotent or not deterministic, and
 * for which item. The roles between the handlers are the library's own.
 *
 * Handlers may await: virtual time stands still until the promise has settled, so one call of the user's code runs at a time.
 *
 * @param options - The pipeline, and how it is tested.
 * @returns The verdict: what was tried, and with `throws: false` also what was found.
 * @throws PipelineTestError when something was found; its message names the handler, the item and the seed.
 * @throws TypeError, RangeError when an option is missing, unknown or wrong. What `reset()` throws.
 *
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { testPipeline } from "zmqpipeline/testing";
 *
 * test("the pipeline survives crashes", async () => {
 *   const rows = new Map<string, number>();
 *   await testPipeline({
 *     tasks: [{ taskType: "square", items: [1, 2, 3] }],
 *     worker: (n: number) => n * n,
 *     collector: (square: number, { id }) => void rows.set(id, square),
 *     reset: () => rows.clear(),
 *     snapshot: () => rows,
 *   });
 * });
 * ```
 */
export async function testPipeline(options: PipelineTestOptions): Promise<PipelineVerdict> {
  const test = atCaller(testPipeline, () => new PipelineTest(options));
  const verdict = await test.run();
  if (!verdict.ok && test.throws) throw new PipelineTestError(verdict);
  return verdict;
}

/** The runs of one call. */
class PipelineTest {
  readonly #options: ResolvedTest;
  readonly #workers: ReadonlyMap<string, WorkerUnderTest>;
  readonly #tally = new Tally();
  readonly #snapshots: Snapshots;

  constructor(options: PipelineTestOptions) {
    this.#options = checkOptions(options);
    const tasks = registeredTasks(this.#options.tasks);
    assertRunnable(
      tasks.map(({ taskType, dependencies }) => ({
        name: taskType.name,
        dependencies: dependencies.map(({ name }) => name),
      })),
    );
    makeCollector(this.#options.collector);
    const types = tasks.map(({ taskType }) => taskType);
    this.#workers = workersOf(this.#options.worker, types);
    this.#snapshots = new Snapshots(this.#options);
  }

  get throws(): boolean {
    return this.#options.throws;
  }

  async run(): Promise<PipelineVerdict> {
    const { seed, runs, faults } = this.#options;
    const findings = new Findings();
    const reference = await this.#run(seed, {}, findings, undefined);
    if (findings.all.length === 0) await this.#run(OTHER_ORDER, {}, findings, reference, "order");
    if (findings.all.length > 0) return this.#verdict(findings);
    for (let next = seed; next < seed + runs; next++) {
      await this.#run(next, faults, findings, reference, "outcome");
      if (findings.all.length > 0) return this.#verdict(findings, next);
    }
    return this.#verdict(findings);
  }

  /** One run. @param kind - What it is when the run ends with another snapshot than the reference. */
  async #run(
    seed: number,
    faults: FaultRates,
    findings: Findings,
    reference: Reference | undefined,
    kind: "order" | "outcome" = "outcome",
  ): Promise<Reference> {
    const options = this.#options;
    const { reset, handlerTimeout } = options;
    if (reset !== undefined) await userCall("reset()", handlerTimeout, reset);
    const snapshots = this.#snapshots;
    const examiner = new ExecutionExaminer(options, findings, snapshots, reference?.results);
    const workers = this.#workers;
    const world = new PipelineWorld({ options, seed, faults, workers, findings, snapshots, examiner });
    await world.run();
    await world.close();
    this.#tally.add(world, examiner);
    const snapshot = await snapshots.take();
    if (reference !== undefined && findings.all.length === 0)
      compareOutcomes(reference.snapshot, snapshot, kind, findings);
    return { results: examiner.results, snapshot };
  }

  #verdict({ all: findings }: Findings, seed?: number): PipelineVerdict {
    const known = { findings, ...(seed === undefined ? {} : { seed }), tried: this.#tally.tried };
    return { ok: findings.length === 0, ...known, text: verdictText(known) };
  }
}

function compareOutcomes(
  before: unknown,
  after: unknown,
  kind: "order" | "outcome",
  findings: Findings,
): void {
  if (isDeepStrictEqual(before, after)) return;
  const states = `${shortText(before)} and ${shortText(after)}`;
  const message =
    kind === "order"
      ? `The outcome depends on the order in which results arrive: two runs without faults ended with the snapshots ${states}`
      : `The outcome differs: a run without faults and one with faults ended with the snapshots ${states}`;
  findings.add({ kind, message, before, after });
}
