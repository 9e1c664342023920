import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";

/** The file descriptor of the channel in a worker's process. */
export const CONTROL_FD = 3;

/**
 * Carries messages between a pipeline and a worker's process, as lines of JSON over a pipe of its own. The channel of `fork()` is left to
 * the user's code, which may send anything over it, or disconnect it.
 */
export class ControlChannel<Received, Sent> {
  readonly #stream: Duplex;
  /** Resolves when the other side has closed the channel, and all its messages were received. */
  readonly closed: Promise<void>;

  /** @param gone - Called when the other side has closed the channel. */
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

  /** @param sent - Called when the message is handed to the system, or can no longer be sent. */
  send(message: Sent, sent: () => void = () => {}): void {
    if (this.#stream.writable) this.#stream.write(`${JSON.stringify(message)}\n`, () => sent());
    else sent();
  }
}
