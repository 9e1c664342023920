import { itemId } from "../protocol/item-id.ts";
import type { Payload } from "../protocol/payload/payload.ts";

/** What ACK data say about the item that was acknowledged, beside what the collector returned. Both are absent before the first ACK. */
export interface AckOrigin {
  /** The item's id. */
  readonly _id?: string;
  /** The name of the item's task type. */
  readonly _taskType?: string;
}

interface AckedItem {
  readonly runId: string;
  readonly task: string;
  readonly seq: number;
}

/** The data of the latest ACK, with its item. */
export class LatestAck {
  #item: AckedItem | undefined;
  #returned: Payload = {};
  #data: (Payload & AckOrigin) | undefined;

  /** @param returned - What the collector returned. */
  set(item: AckedItem, returned: Payload): void {
    this.#returned = returned;
    this.#item = item;
    this.#data = undefined;
  }

  /** Made when it is read: most tasks never look at it. */
  get data(): Payload & AckOrigin {
    this.#data ??= { ...this.#returned, ...this.#origin };
    return this.#data;
  }

  get #origin(): AckOrigin {
    if (this.#item === undefined) return {};
    const { runId, task, seq } = this.#item;
    return { _id: itemId(runId, task, seq), _taskType: task };
  }
}
