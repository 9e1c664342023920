import { onTestFinished } from "vitest";
import * as zmq from "zeromq";
import type { Message } from "../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";

type Frames = readonly Uint8Array[];

/** Sends one message after the other, as a ZeroMQ socket demands. */
class Sender {
  readonly #socket: zmq.Router | zmq.Dealer;
  #last = Promise.resolve();

  constructor(socket: zmq.Router | zmq.Dealer) {
    this.#socket = socket;
  }

  send(frames: Frames): void {
    this.#last = this.#last.then(async () => {
      if (!this.#socket.closed) await this.#socket.send([...frames]);
    });
  }
}

/** What a relay adds to a connection, without the run's id. */
export interface RelayAdditions {
  readonly toListener: readonly Message[];
  readonly toLink: readonly Message[];
}

const loopback = (endpoint: string) => endpoint.replace("localhost", "127.0.0.1");

/** Stands between links and a listener: forwards all messages, and adds messages of its own to the connections. */
export class Relay {
  readonly #router = new zmq.Router({ linger: 0 });
  readonly #toLinks = new Sender(this.#router);
  readonly #listener: string;
  /** The relay's connection to the listener for each link, by the link's id. */
  readonly #connections = new Map<string, { readonly id: Uint8Array; readonly toListener: Sender }>();
  /** The run of the listener; empty before its first welcome. */
  runId = "";

  private constructor(listener: string) {
    this.#listener = listener;
  }

  /** @param endpoint - Where the links connect. @param listener - Where the listener is. */
  static async start(endpoint: string, listener: string): Promise<Relay> {
    const relay = new Relay(loopback(listener));
    await relay.#router.bind(loopback(endpoint));
    onTestFinished(() => relay.#router.close());
    void relay.#forward();
    return relay;
  }

  /** Adds messages to each connection, with the run's id. @returns The number of connections. */
  add({ toListener, toLink }: RelayAdditions): number {
    const encoded = (message: Message) => encodeMessage({ ...message, runId: this.runId });
    for (const { id, toListener: sender } of this.#connections.values()) {
      for (const message of toListener) sender.send(encoded(message));
      for (const message of toLink) this.#toLinks.send([id, ...encoded(message)]);
    }
    return this.#connections.size;
  }

  async #forward(): Promise<void> {
    for await (const [id, ...frames] of this.#router) {
      if (id === undefined) continue;
      const key = id.toString("hex");
      const connection = this.#connections.get(key) ?? this.#connect(id);
      this.#connections.set(key, connection);
      connection.toListener.send(frames);
    }
  }

  #connect(id: Buffer): { readonly id: Uint8Array; readonly toListener: Sender } {
    const dealer = new zmq.Dealer({ linger: 0 });
    onTestFinished(() => dealer.close());
    dealer.connect(this.#listener);
    void this.#return(id, dealer);
    return { id, toListener: new Sender(dealer) };
  }

  async #return(id: Buffer, dealer: zmq.Dealer): Promise<void> {
    for await (const frames of dealer) {
      if (this.runId === "") this.runId = decodeMessage(frames).runId;
      this.#toLinks.send([id, ...frames]);
    }
  }
}
