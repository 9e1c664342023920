import type { Finding, FoundItem } from "./pipeline-verdict.ts";
import { valueText } from "./value-text.ts";

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
  return `item ${id}, ${valueText(data)}`;
}
