import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { ExecutionInfo } from "../executor/execution-info.ts";
import { failure, success, timedOut, timeoutReason } from "../executor/execution-outcome.ts";
import type { Handler } from "../executor/handler.ts";
import { decodeValue } from "../protocol/payload/payload.ts";
import { TaskType } from "../protocol/task-type.ts";
import { describeThrown } from "../protocol/thrown.ts";
import type { AnyValue } from "../role/any-value.ts";
import type { ResolvedTest } from "./check-options.ts";
import { differenceText } from "./difference-text.ts";
import { type Findings, itemText } from "./findings.ts";
import type { Interruptions } from "./interruptions.ts";
import { type LateChanges, lateFinding } from "./late-changes.ts";
import type { FoundItem } from "./pipeline-verdict.ts";
import { isSame } from "./same-result.ts";
import type { Snapshots } from "./snapshots.ts";
import { NeverSettled, userCall } from "./user-call.ts";
import { valueText } from "./value-text.ts";
import { KILLED } from "./watched-call.ts";

/** The first result of an item. */
export interface FirstResult {
  readonly item: Uint8Array;
  readonly result: Uint8Array;
}

/** How an item is executed. */
export interface ExecutionSetting {
  /** The task's timeout; 0: none. */
  readonly timeoutMs: number;
  /** The timeout is over as soon as the handler awaits. */
  readonly expires: boolean;
  /** No other handler runs meanwhile, so that changes of the snapshot are this one's. */
  readonly isAlone: boolean;
}

/** Calls the workers' handlers, and compares each repeated execution of an item with the first. */
export class ExecutionExaminer {
  /** The first result of each item, by its id. */
  readonly results = new Map<string, FirstResult>();
  readonly counts = { executions: 0, repeated: 0 };
  readonly #options: ResolvedTest;
  readonly #findings: Findings;
  readonly #snapshots: Snapshots;
  readonly #late: LateChanges | undefined;
  readonly #interruptions: Interruptions | undefined;
  /** The results of the first run, if this is a later one. */
  readonly #reference: ReadonlyMap<string, FirstResult> | undefined;

  constructor(
    options: ResolvedTest,
    findings: Findings,
    snapshots: Snapshots,
    late: LateChanges | undefined,
    reference: ReadonlyMap<string, FirstResult> | undefined,
    interruptions: Interruptions | undefined,
  ) {
    this.#interruptions = interruptions;
    this.#options = options;
    this.#findings = findings;
    this.#snapshots = snapshots;
    this.#late = late;
    this.#reference = reference;
  }

  /**
   * Executes an item.
   *
   * @param handlerName - What messages call the handler.
   * @returns Nothing when the handler's process was killed at an await.
   * @throws NeverSettled, and what `snapshot()` throws.
   */
  async execute(
    handler: Handler,
    handlerName: string,
    taskType: string,
    execution: Execution,
    { timeoutMs, expires, isAlone }: ExecutionSetting,
  ): Promise<ExecutionOutcome | undefined> {
    const info = new ExecutionInfo(execution, TaskType.register(taskType));
    const { id } = info;
    const first = this.results.get(id);
    const before = first === undefined || !isAlone ? undefined : await this.#snapshots.take();
    this.counts.executions += 1;
    let outcome: ExecutionOutcome;
    let thrown: unknown;
    try {
      const data = decodeValue(execution.payload);
      const what = `${handlerName} for item ${id}`;
      const call = () => {
        const returned = handler(data, info);
        if (expires) info.abort(timeoutReason(timeoutMs));
        return returned;
      };
      const watched = this.#interruptions?.watch({ handler: handlerName, taskType, item: { id, data } });
      const returned = await userCall(what, this.#options.handlerTimeout, () =>
        watched === undefined ? call() : watched.run(call),
      );
      if (returned === KILLED) return undefined;
      outcome = success(returned);
    } catch (error) {
      if (error instanceof NeverSettled) {
        if (timeoutMs === 0) throw error;
        info.abort(timeoutReason(timeoutMs));
      }
      // A handler may throw when its time is over.
      if (expires || error instanceof NeverSettled) return timedOut(execution, taskType, timeoutMs);
      thrown = error;
      outcome = failure(error);
    }
    const item = { id, data: decodeValue(execution.payload) };
    const late = isAlone ? await this.#late?.since() : undefined;
    if (late !== undefined)
      this.#findings.add({ ...lateFinding(handlerName, itemText(item), late), taskType, item });
    if (first !== undefined) {
      this.counts.repeated += 1;
      if (isAlone) await this.#compareEffects(before, handlerName, taskType, item);
      this.#compare(first, outcome, thrown, handlerName, taskType, item);
    } else if (outcome.ok) {
      this.results.set(id, { item: execution.payload, result: outcome.payload });
      this.#compareWithReference(outcome.payload, execution.payload, handlerName, taskType, item);
    }
    return expires ? timedOut(execution, taskType, timeoutMs) : outcome;
  }

  async #compareEffects(before: unknown, handler: string, taskType: string, item: FoundItem): Promise<void> {
    const difference = await this.#snapshots.difference(before);
    if (difference === undefined) return;
    const message =
      `${handler} is not idempotent: when ${itemText(item)} was executed again, the snapshot changed: ` +
      differenceText(difference.before, difference.after);
    this.#findings.add({ kind: "effect", message, handler, taskType, item, ...difference });
  }

  #compare(
    first: FirstResult,
    outcome: ExecutionOutcome,
    error: unknown,
    handler: string,
    taskType: string,
    item: FoundItem,
  ): void {
    if (outcome.ok)
      return this.#compareResults(first.result, outcome.payload, "again", handler, taskType, item);
    const message = `${handler} is not idempotent: it returned for ${itemText(item)}, and threw when the item was executed again: ${describeThrown(error)}`;
    this.#findings.add({ kind: "threw", message, handler, taskType, item, error });
  }

  #compareWithReference(
    result: Uint8Array,
    payload: Uint8Array,
    handler: string,
    taskType: string,
    item: FoundItem,
  ): void {
    const reference = this.#reference?.get(item.id);
    // A source that gives other items in each run is not wrong: nothing can be compared then.
    if (reference === undefined || Buffer.compare(reference.item, payload) !== 0) return;
    this.#compareResults(reference.result, result, "in another run", handler, taskType, item);
  }

  #compareResults(
    one: Uint8Array,
    other: Uint8Array,
    when: string,
    handler: string,
    taskType: string,
    item: FoundItem,
  ): void {
    if (Buffer.compare(one, other) === 0) return;
    const [before, after] = [decodeValue(one), decodeValue(other)];
    if (isSame(this.#options.sameResult, before as AnyValue, after as AnyValue)) return;
    const message =
      `${handler} is not deterministic: for ${itemText(item)} it returned ${valueText(before)}, ` +
      `and ${when} ${valueText(after)}`;
    this.#findings.add({ kind: "result", message, handler, taskType, item, before, after });
  }
}
