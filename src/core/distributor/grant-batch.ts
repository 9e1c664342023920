import type { ItemPayload } from "../../protocol/batch-message.ts";
import { BATCH_BYTES, BATCH_ITEMS } from "../../protocol/limits.ts";
import type { GrantPort } from "./grant-port.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Items for one worker that travel in one message, as far as its limits allow. */
export class GrantBatch {
  readonly #worker: WorkerRecord;
  readonly #port: GrantPort;
  #items: ItemPayload[] = [];
  #bytes = 0;

  constructor(worker: WorkerRecord, port: GrantPort) {
    this.#worker = worker;
    this.#port = port;
  }

  add(item: ItemPayload): void {
    this.#items.push(item);
    this.#bytes += item.payload.length;
    if (this.#items.length >= BATCH_ITEMS || this.#bytes >= BATCH_BYTES) this.flush();
  }

  flush(): void {
    if (this.#items.length > 0) this.#port.grant(this.#worker, this.#items, false);
    this.#items = [];
    this.#bytes = 0;
  }
}
