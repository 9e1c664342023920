import { randomBytes } from "node:crypto";
import { get } from "node:http";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";

type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
};

/** Longest payload of a frame without extended lengths, and the values that announce 2 and 8 bytes of length. */
const SHORT = 125;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;

/** How often a process is told to go on, in ms. */
const AGAIN_MS = 50;

/** A debugger that is attached to a process: as much of WebSocket as its inspector needs. */
export class DebuggerClient {
  readonly #socket: Socket;
  readonly #waiting = new Set<(message: Message) => void>();
  #received: Buffer;
  #id = 0;

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#received = head;
    socket.on("data", (data) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#read();
    });
    socket.on("error", () => {}); // the process has ended
  }

  /** @param url - As the process writes it: `ws://127.0.0.1:PORT/ID`. */
  static async attach(url: string): Promise<DebuggerClient> {
    const { socket, head } = await new Promise<{ socket: Socket; head: Buffer }>((resolve, reject) => {
      const headers = {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
      };
      const request = get(url.replace(/^ws:/, "http:"), { headers, agent: false });
      request.once("upgrade", (_response, socket, head) => resolve({ socket, head }));
      request.once("error", reject);
    });
    onTestFinished(() => void socket.destroy());
    return new DebuggerClient(socket, head);
  }

  /** Sends a command. @returns Its result. */
  async send<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#id;
    const answer = this.#next((message) => message.id === id);
    this.#socket.write(frameOf(JSON.stringify({ id, method, params })));
    return (await answer).result as Result;
  }

  /** Waits for an event. @returns Its parameters. */
  async event<Params>(name: string): Promise<Params> {
    return (await this.#next(({ method }) => method === name)).params as Params;
  }

  /**
   * Lets a process go on that waits for its debugger. It may have opened its port, and not wait yet: so it is told until it is known to go on.
   *
   * @param goesOn - Settles when it is known.
   */
  async release<T>(goesOn: Promise<T>): Promise<T> {
    const timer = setInterval(() => void this.send("Runtime.runIfWaitingForDebugger"), AGAIN_MS);
    try {
      return await goesOn;
    } finally {
      clearInterval(timer);
    }
  }

  detach(): void {
    this.#socket.destroy();
  }

  #next(fits: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      const listener = (message: Message) => {
        if (!fits(message)) return;
        this.#waiting.delete(listener);
        resolve(message);
      };
      this.#waiting.add(listener);
    });
  }

  #read(): void {
    for (let end = frameEnd(this.#received); end !== undefined; end = frameEnd(this.#received)) {
      const { from, to } = end;
      const message = JSON.parse(this.#received.toString("utf8", from, to)) as Message;
      this.#received = this.#received.subarray(to);
      for (const listener of [...this.#waiting]) listener(message);
    }
  }
}

/** Where the payload of the first frame is; `undefined` while it is not complete. Frames of an inspector are whole and not masked. */
function frameEnd(bytes: Buffer): { readonly from: number; readonly to: number } | undefined {
  if (bytes.length < 2) return undefined;
  const length = bytes.readUInt8(1);
  const from = length === TWO_BYTES ? 4 : length === EIGHT_BYTES ? 10 : 2;
  if (bytes.length < from) return undefined;
  const size =
    length === TWO_BYTES
      ? bytes.readUInt16BE(2)
      : length === EIGHT_BYTES
        ? Number(bytes.readBigUInt64BE(2))
        : length;
  return bytes.length < from + size ? undefined : { from, to: from + size };
}

/** A frame of text, masked with zeros. */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const isShort = payload.length <= SHORT;
  const header = Buffer.alloc(isShort ? 6 : 8);
  header.writeUInt8(0x81, 0);
  header.writeUInt8(0x80 | (isShort ? payload.length : TWO_BYTES), 1);
  if (!isShort) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
