/** How many groups of failures a summary lists. */
const NAMED = 20;

/**
 * How many messages get a group of their own. A message that names its item is seen once only; a frequent message still gets a group
 * if it is among the first.
 */
const MAX_GROUPS = 1000;

/** Longest message and stack that are kept, in UTF-16 units: with `MAX_GROUPS` groups, memory stays below 10 MB. */
const MAX_MESSAGE = 1000;
const MAX_STACK = 4000;

/** Failures with the same task type and message. */
export interface FailureGroup {
  readonly taskType: string;
  readonly message: string;
  readonly stack: string;
  readonly firstId: string;
  readonly count: number;
}

/** Counts failures by task type and message. Memory is bounded, however many different messages there are. */
export class FailureGroups {
  readonly #groups = new Map<string, FailureGroup & { count: number }>();
  /** Failures whose message came when all groups were taken. */
  #rest: (FailureGroup & { count: number }) | undefined;

  add(taskType: string, id: string, message: string, stack: string): void {
    const text = cut(message, MAX_MESSAGE);
    const key = `${taskType.length} ${taskType} ${text}`;
    const group = this.#groups.get(key) ?? (this.#groups.size < MAX_GROUPS ? undefined : this.#rest);
    if (group !== undefined) group.count += 1;
    else if (this.#groups.size < MAX_GROUPS)
      this.#groups.set(key, { taskType, message: text, stack: cut(stack, MAX_STACK), firstId: id, count: 1 });
    else this.#rest = others(id, 1);
  }

  /** The most frequent groups first, then one group for all other failures. The counts add up to the number of failures. */
  get all(): readonly FailureGroup[] {
    const groups = [...this.#groups.values()].sort((one, other) => other.count - one.count);
    const rest = [...groups.slice(NAMED), ...(this.#rest === undefined ? [] : [this.#rest])];
    const [first] = rest;
    if (first === undefined) return groups;
    const count = rest.reduce((sum, group) => sum + group.count, 0);
    return [...groups.slice(0, NAMED), others(first.firstId, count)];
  }
}

function others(firstId: string, count: number) {
  return { taskType: "", message: "other failures", stack: "", firstId, count };
}

/** Cuts a text. The result is a copy, because a slice would keep the whole text in memory. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : Buffer.from(`${text.slice(0, length)}…`).toString();
}
