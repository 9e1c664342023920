import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { RoleLog } from "../logging/logger.ts";
import { cutText } from "../protocol/thrown.ts";

/** The file descriptor of the channel in a worker's process. */
export const CONTROL_FD = 3;

/** Taken now: the user's code may replace them. */
const { parse, stringify } = JSON;

/** Most of a line that a warning shows, in UTF-16 units. */
const MAX_SHOWN = 100;

/**
 * Carries messages between a pipeline and a worker's process, as lines of JSON over a pipe of its own. The channel of `fork()` is left to
 * the user's code, which may send anything over it, or disconnect it.
 */
export class ControlChannel<Received extends object, Sent> {
  readonly #stream: Duplex;
  #isWarned = false;
  /** Resolves when the other side has closed the channel, and all its messages were received. */
  readonly closed: Promise<void>;

  /** @param gone - Called when the other side has closed the channel. */
  constructor(stream: Duplex, received: (message: Received) => void, gone: () => void = () => {}) {
    this.#stream = stream;
    stream.on("error", () => {}); // "close" follows
    const lines = createInterface({ input: stream });
    lines.on("line", (line) => {
      const message = this.#read(line);
      if (message !== undefined) received(message);
    });
    lines.on("error", () => {});
    this.closed = new Promise((resolve) => {
      stream.once("close", resolve);
    });
    void this.closed.then(gone);
  }

  /** The user's code in the worker's process may write into the pipe: what is no message is left out. */
  #read(line: string): Received | undefined {
    try {
      const message: unknown = parse(line);
      if (typeof message === "object" && message !== null && "type" in message) return message as Received;
    } catch {
      // it is told below
    }
    if (!this.#isWarned)
      new RoleLog("worker").warn("a line on a worker's control channel is no message", {
        line: cutText(line, MAX_SHOWN),
      });
    this.#isWarned = true;
    return undefined;
  }

  /** @param sent - Called when the message is handed to the system, or can no longer be sent. */
  send(message: Sent, sent: () => void = () => {}): void {
    if (this.#stream.writable) this.#stream.write(`${stringify(message)}\n`, () => sent());
    else sent();
  }
}
