import { isDeepStrictEqual } from "node:util";
import { differenceText } from "./difference-text.ts";
import type { Finding } from "./pipeline-verdict.ts";
import { pause } from "./real-time.ts";
import type { SnapshotDifference, Snapshots } from "./snapshots.ts";

/** How long work may go on that nobody awaits, in real ms. */
const LATE_MS = 25;

/** How many calls are watched. */
const MOST_CALLS = 60;

/** Sees what happens to the user's state when a call has ended, and nothing should happen to it any more. */
export class LateChanges {
  readonly #snapshots: Snapshots;
  #calls = 0;

  constructor(snapshots: Snapshots) {
    this.#snapshots = snapshots;
  }

  /** Waits a little. @returns What has changed meanwhile. @param before - The state when the call ended; without it, it ends now. */
  async since(before?: unknown): Promise<SnapshotDifference | undefined> {
    if (!this.#snapshots.areTaken || this.#calls++ >= MOST_CALLS) return undefined;
    const earlier = before ?? (await this.#snapshots.take());
    await pause(LATE_MS);
    const after = await this.#snapshots.take();
    return isDeepStrictEqual(earlier, after) ? undefined : { before: earlier, after };
  }
}

/** What is wrong with a handler that leaves work behind. @param what - The item or result that it got. */
export function lateFinding(handler: string, what: string, { before, after }: SnapshotDifference): Finding {
  const message =
    `${handler} does not await what it starts: the snapshot changed when it had returned for ${what}. ` +
    `A kill at that moment loses the change: ${differenceText(before, after)}`;
  return { kind: "late", message, handler, before, after };
}
