import { jsonText } from "../../protocol/json-values.ts";
import { cutText } from "../../protocol/thrown.ts";
import { visibleText, withoutColours } from "../../structures/visible-text.ts";
import { causeLines, userFrames } from "../error-text.ts";
import { commonPattern, masked } from "./message-pattern.ts";

/** How many groups of failures a summary lists. */
const NAMED = 20;

/** How many groups are kept. A frequent failure still gets a group of its own if it is among the first. */
const MAX_GROUPS = 1000;

/** How many different messages are known by heart. */
const MAX_KEYS = 2 * MAX_GROUPS;

/** To how many groups of the same place a new message is compared. */
const MAX_COMPARED = 8;

/** How many failed items a group names. */
const SAMPLES = 3;

/** Longest message and data that are kept, in UTF-16 units: with `MAX_GROUPS` groups, memory stays below 10 MB. */
const MAX_MESSAGE = 1000;
const MAX_DATA = 500;

/** A failed item. */
export interface FailedItem {
  readonly taskType: string;
  readonly id: string;
  /** What the item is called where people read it. */
  readonly label: string;
  readonly data: unknown;
  readonly error: { readonly name: string; readonly message: string; readonly stack: string };
}

/** A failed item that a group names. */
export interface FailureSample {
  readonly id: string;
  readonly label: string;
  readonly message: string;
  /** JSON, unless it was cut. */
  readonly data: string;
  readonly isCut: boolean;
}

/** Failures of one kind: the same task type, error name and line of the user's code, and messages that differ in numbers and names only. */
export interface FailureGroup {
  readonly taskType: string;
  readonly name: string;
  /** The message of the first failure. */
  readonly message: string;
  /** What the messages have in common. */
  readonly pattern: string;
  /** Whether there is more than one message. */
  readonly isVaried: boolean;
  /** The causes of the first failure's error. */
  readonly causes: readonly string[];
  /** The frames of the user's code in the first failure's stack. */
  readonly frames: readonly string[];
  readonly firstId: string;
  readonly samples: readonly FailureSample[];
  readonly count: number;
}

type Group = { -readonly [K in keyof FailureGroup]: FailureGroup[K] } & { samples: FailureSample[] };

/** Groups failures by task type, error name, place in the user's code and message. Memory is bounded, however many kinds there are. */
export class FailureGroups {
  readonly #groups: Group[] = [];
  readonly #byKey = new Map<string, Group>();
  readonly #byPlace = new Map<string, Group[]>();
  readonly #frames = new FramesOfStacks();
  /** Failures that came when all groups were taken. */
  #rest: Group | undefined;

  /** @returns Whether the failure is the first of its group. */
  add(failure: FailedItem): boolean {
    const { taskType, error } = failure;
    const message = withoutColours(cut(error.message, MAX_MESSAGE));
    const pattern = masked(message);
    const frames = this.#frames.of(error);
    const causes =
      "cause" in error || "errors" in error
        ? withoutColours(cut(causeLines(error).map(visibleText).join("\n").trim(), MAX_MESSAGE))
        : "";
    const place = JSON.stringify([taskType, error.name, placeIn(frames), masked(causes)]);
    const key = place + pattern;
    let group = this.#byKey.get(key);
    if (group === undefined) {
      group =
        (frames.length === 0 ? undefined : this.#similar(place, pattern)) ??
        this.#make(failure, { message, pattern, frames, causes: linesOf(causes) }, place);
      if (this.#byKey.size < MAX_KEYS && group !== this.#rest) this.#byKey.set(key, group);
    }
    group.count += 1;
    group.isVaried ||= message !== group.message;
    if (group !== this.#rest && group.samples.length < SAMPLES)
      group.samples.push({ id: failure.id, label: failure.label, message, ...dataText(failure.data) });
    return group.count === 1;
  }

  /** The most frequent groups first, then one group for all other failures. The counts add up to the number of failures. */
  get all(): readonly FailureGroup[] {
    const groups = [...this.#groups].sort((one, other) => other.count - one.count);
    const rest = [...groups.slice(NAMED), ...(this.#rest === undefined ? [] : [this.#rest])];
    const [first] = rest;
    if (first === undefined) return groups;
    const count = rest.reduce((sum, group) => sum + group.count, 0);
    return [...groups.slice(0, NAMED), unnamedFailures("other failures", count, first.firstId)];
  }

  /** A group of the same place whose messages are like this one: it is widened. */
  #similar(place: string, pattern: string): Group | undefined {
    for (const group of this.#byPlace.get(place) ?? []) {
      const common = commonPattern(group.pattern, pattern);
      if (common === undefined) continue;
      group.pattern = common;
      return group;
    }
    return undefined;
  }

  #make(
    { taskType, id, error }: FailedItem,
    known: Pick<FailureGroup, "message" | "pattern" | "frames" | "causes">,
    place: string,
  ): Group {
    if (this.#groups.length >= MAX_GROUPS) {
      this.#rest ??= unnamedFailures("other failures", 0, id);
      return this.#rest;
    }
    const name = visibleText(cut(error.name, MAX_MESSAGE));
    const group: Group = { taskType, name, ...known, isVaried: false, firstId: id, samples: [], count: 0 };
    this.#groups.push(group);
    const there = this.#byPlace.get(place) ?? [];
    if (there.length < MAX_COMPARED) this.#byPlace.set(place, [...there, group]);
    return group;
  }
}

/** A group for failures of which nothing is told but their number. */
export function unnamedFailures(message: string, count: number, firstId: string): Group {
  const facts = {
    taskType: "",
    name: "",
    message,
    pattern: message,
    isVaried: false,
    causes: [],
    frames: [],
  };
  return { ...facts, firstId, samples: [], count };
}

/** The frames of the user's code in stacks; those of equal stacks are found once. */
class FramesOfStacks {
  #known = new Map<string, string[]>();

  of(error: FailedItem["error"]): string[] {
    const { stack } = error;
    if ("cause" in error) return userFrames(error);
    const calls = stack.slice(Math.max(0, stack.indexOf("\n    at ")));
    const known = this.#known.get(calls);
    if (known !== undefined) return known;
    const frames = userFrames(error);
    if (this.#known.size >= MAX_GROUPS) this.#known.clear();
    this.#known.set(calls, frames);
    return frames;
  }
}

/** The frame that failures are grouped by: the first one of the user's own code, or else of a package that the code uses. */
function placeIn(frames: readonly string[]): string {
  return frames.find((frame) => !/[\\/]node_modules[\\/]/.test(frame)) ?? frames[0] ?? "";
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.split("\n").map((line) => line.trim());
}

function dataText(data: unknown): { readonly data: string; readonly isCut: boolean } {
  const text = jsonText(data);
  return { data: cut(text, MAX_DATA), isCut: text.length > MAX_DATA };
}

/** Cuts a text. The result is a copy, because a slice would keep the whole text in memory. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : Buffer.from(cutText(text, length)).toString();
}
