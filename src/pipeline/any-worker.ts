import type { TaskType } from "../protocol/task-type.ts";
import { type PeerState, peersOf } from "../role/peer-state.ts";
import type { WorkSignal } from "../role/work-signal.ts";

/** A worker, perhaps of another copy of this library. */
export interface AnyWorker extends WorkSignal {
  readonly taskType?: TaskType | string | undefined;
  readonly closeTimeout?: number;
  readonly [peersOf]?: readonly PeerState[];
  run(): Promise<unknown>;
  stop(options: { readonly timeout: number }): Promise<void>;
}
