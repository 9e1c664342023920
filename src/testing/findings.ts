import type { Finding, FoundItem } from "./pipeline-verdict.ts";

/** What one run has found: the first finding of each kind and handler. A handler that is wrong is wrong for most of its items. */
export class Findings {
  readonly #all = new Map<string, Finding>();

  add(finding: Finding): void {
    const key = `${finding.kind} ${finding.handler} ${finding.taskType}`;
    if (!this.#all.has(key)) this.#all.set(key, finding);
  }

  get all(): readonly Finding[] {
    return [...this.#all.values()];
  }
}

/** An item in a message. */
export function itemText({ id, data }: FoundItem): string {
  return `item ${id}, ${shortText(data)}`;
}

/** A value in a message: JSON where that is possible, and not more than a line. */
export function shortText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, (_name, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
  } catch {
    // a circle: the kind of value must do
  }
  text ??= String(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
