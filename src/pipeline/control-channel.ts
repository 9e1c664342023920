import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";

/** The descriptor of a worker's process that is its end of the channel. */
export const CONTROL_FD = 3;

/**
 * What a pipeline and a worker's process say to each other: JSON, a message a line, over a pipe of their own. The channel of `fork()` is the
 * user's code's: whatever that sends, or disconnects, is not for us.
 */
export class ControlChannel<Received, Sent> {
  readonly #stream: Duplex;
  /** Resolves when the other side is gone, and all that it said was heard. */
  readonly closed: Promise<void>;

  /** @param gone - The other side is. */
  constructor(stream: Duplex, received: (message: Received) => void, gone: () => void = () => {}) {
    this.#stream = stream;
    stream.on("error", () => {}); // "close" follows
    const lines = createInterface({ input: stream });
    lines.on("line", (line) => received(JSON.parse(line) as Received));
    lines.on("error", () => {});
    this.closed = new Promise((resolve) => {
      stream.once("close", resolve);
    });
    void this.closed.then(gone);
  }

  /** @param sent - Called when it is with the system, or cannot be sent any more. */
  send(message: Sent, sent: () => void = () => {}): void {
    if (this.#stream.writable) this.#stream.write(`${JSON.stringify(message)}\n`, () => sent());
    else sent();
  }
}
