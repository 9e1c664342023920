import { PipelineError } from "../errors.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Message } from "../protocol/message.ts";
import type { Link, LinkHandler, Listener, ListenerHandler, Transport } from "./transport.ts";

/**
 * `inproc://`: roles of one process, joined by its event loop. libzmq has such a transport too, but its connections do not
 * come back when the other side does, and it does not say when they begin or end.
 */
class InprocTransport implements Transport {
  readonly #listeners = new Map<string, InprocListener>();
  readonly #links = new Set<InprocLink>();

  async listen(endpoint: EndpointAddress, handler: ListenerHandler): Promise<Listener> {
    const name = endpoint.bindAddress;
    if (this.#listeners.has(name)) {
      throw new PipelineError("ADDRESS_IN_USE", `Endpoint ${JSON.stringify(name)} is bound by another role`, {
        endpoint: name,
      });
    }
    const listener = new InprocListener(handler, () => this.#listeners.delete(name));
    this.#listeners.set(name, listener);
    for (const link of this.#links) if (link.address === name) link.attach(listener);
    return listener;
  }

  connect(endpoint: EndpointAddress, handler: LinkHandler): Link {
    const link = new InprocLink(endpoint.connectAddress, handler, () => this.#links.delete(link));
    this.#links.add(link);
    const listener = this.#listeners.get(link.address);
    if (listener !== undefined) link.attach(listener);
    return link;
  }
}

/** Things happen in a later turn of the event loop and in order, as they would over a socket. */
function later(action: () => void): void {
  setImmediate(action);
}

let listeners = 0;

class InprocListener implements Listener {
  readonly handler: ListenerHandler;
  readonly #links = new Map<string, InprocLink>();
  readonly #shunned = new Set<string>();
  readonly #forget: () => void;
  readonly #prefix = `inproc-${++listeners}:`;
  #accepted = 0;
  closed = false;

  constructor(handler: ListenerHandler, forget: () => void) {
    this.handler = handler;
    this.#forget = forget;
  }

  accept(link: InprocLink): string {
    const connection = this.#prefix + ++this.#accepted;
    this.#links.set(connection, link);
    return connection;
  }

  owns(connection: string): boolean {
    return connection.startsWith(this.#prefix);
  }

  drop(connection: string): void {
    this.#shunned.delete(connection);
    if (this.#links.delete(connection) && !this.closed) later(() => this.handler.onDisconnected(connection));
  }

  send(connection: string, message: Message): void {
    const link = this.#links.get(connection);
    if (link === undefined) later(() => this.handler.onDisconnected(connection));
    else later(() => link.receive(this, message));
  }

  shun(connection: string, reason: string): void {
    this.send(connection, { type: "refuse", runId: "", reason });
    this.#shunned.add(connection);
    this.handler.onDisconnected(connection);
  }

  receive(connection: string, message: Message): void {
    if (!this.closed && !this.#shunned.has(connection)) this.handler.onMessage(connection, message);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#forget();
    // After what was sent before: the queue of immediates is in order.
    await new Promise<void>((resolve) => later(resolve));
    this.closed = true;
    for (const link of this.#links.values()) link.detach();
    this.#links.clear();
  }
}

class InprocLink implements Link {
  readonly address: string;
  readonly #handler: LinkHandler;
  readonly #forget: () => void;
  #peer: { readonly listener: InprocListener; readonly connection: string } | undefined;
  #closed = false;

  constructor(address: string, handler: LinkHandler, forget: () => void) {
    this.address = address;
    this.#handler = handler;
    this.#forget = forget;
  }

  attach(listener: InprocListener): void {
    this.#peer = { listener, connection: listener.accept(this) };
    later(() => {
      if (!this.#closed && this.#peer?.listener === listener) this.#handler.onConnected();
    });
  }

  detach(): void {
    this.#peer = undefined;
    if (!this.#closed) this.#handler.onDisconnected();
  }

  receive(listener: InprocListener, message: Message): void {
    if (!this.#closed && this.#peer?.listener === listener) this.#handler.onMessage(message);
  }

  send(message: Message): void {
    const peer = this.#peer;
    if (peer === undefined || this.#closed) return;
    later(() => peer.listener.receive(peer.connection, message));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    await new Promise<void>((resolve) => later(resolve));
    this.#peer?.listener.drop(this.#peer.connection);
  }
}

/** One registry of names per process, as processes have one network. */
export const inprocTransport: Transport = new InprocTransport();
