import { existsSync, readFileSync } from "node:fs";

/** What all lives of a run have handled. */
export interface CollectedItems {
  /** Items that were handled or reported as failed. */
  readonly items: number;
  /** Items that one process handled more than once: never right. */
  readonly twice: readonly string[];
  /** Items that a later life handled again, because the run was killed before it had noted their ACKs. */
  readonly again: readonly string[];
  /** Those of them whose result was another one than in the earlier life. */
  readonly changed: readonly string[];
}

/** Reads what `noteCollected()` has written. A line that a kill has cut off is left out: its handler was not called. */
export function readCollected(path: string): CollectedItems {
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
  const seen = new Map<string, { readonly pids: Set<number>; readonly hash: string }>();
  const [twice, again, changed] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const line of lines) {
    const [, pid, id, hash] = JSON.parse(line) as [string, number, string, string];
    const earlier = seen.get(id);
    if (earlier === undefined) {
      seen.set(id, { pids: new Set([pid]), hash });
      continue;
    }
    if (earlier.pids.has(pid)) twice.add(id);
    else again.add(id);
    if (earlier.hash !== hash) changed.add(id);
    earlier.pids.add(pid);
  }
  return { items: seen.size, twice: [...twice], again: [...again], changed: [...changed] };
}
