import { onTestFinished } from "vitest";
import * as zmq from "zeromq";
import type { Message } from "../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";

/** Frames of one message, or a message. */
export type Answer = readonly Uint8Array[] | Message;

/** Listens in the place of a role, and answers the first message of each connection with the same messages. */
export class LyingListener {
  readonly #router = new zmq.Router({ linger: 0, mandatory: false });
  readonly #heard = new Set<string>();
  /** What each connection hears after its first message. */
  answers: (first: Message) => readonly Answer[] = () => [];

  static async at(endpoint: string): Promise<LyingListener> {
    const listener = new LyingListener();
    await listener.#router.bind(endpoint.replace("localhost", "127.0.0.1"));
    onTestFinished(() => listener.#router.close());
    void listener.#serve();
    return listener;
  }

  async #serve(): Promise<void> {
    for await (const [id, ...frames] of this.#router) {
      if (id === undefined || this.#heard.has(id.toString("hex"))) continue;
      this.#heard.add(id.toString("hex"));
      for (const answer of this.answers(decodeMessage(frames))) {
        const sent = "type" in answer ? encodeMessage(answer) : answer;
        await this.#router.send([id, ...sent]);
      }
    }
  }
}
