import { isDeepStrictEqual } from "node:util";
import { describeThrown } from "../protocol/thrown.ts";
import type { ResolvedTest } from "./check-options.ts";
import { userCall } from "./user-call.ts";

/** Two states of which one should be the other. */
export interface SnapshotDifference {
  readonly before: unknown;
  readonly after: unknown;
}

/** The user's state of the world, as copies that later changes do not reach. */
export class Snapshots {
  readonly #options: Pick<ResolvedTest, "snapshot" | "handlerTimeout">;

  constructor(options: Pick<ResolvedTest, "snapshot" | "handlerTimeout">) {
    this.#options = options;
  }

  /** Whether the user gives a state. */
  get areTaken(): boolean {
    return this.#options.snapshot !== undefined;
  }

  /** The state now; nothing where the user gives none. @throws TypeError when it cannot be copied. */
  async take(): Promise<unknown> {
    const { snapshot, handlerTimeout } = this.#options;
    if (snapshot === undefined) return undefined;
    const state = await userCall("snapshot()", handlerTimeout, snapshot);
    try {
      return structuredClone(state);
    } catch (error) {
      throw new TypeError(`snapshot() must return plain data: ${describeThrown(error)}`, { cause: error });
    }
  }

  /** What the state was before a call and is after it, if the call has changed it. */
  async difference(before: unknown): Promise<SnapshotDifference | undefined> {
    const after = await this.take();
    return isDeepStrictEqual(before, after) ? undefined : { before, after };
  }
}
