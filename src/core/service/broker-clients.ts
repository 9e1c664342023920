import type { Hello } from "../../protocol/batch-message.ts";
import type { ClientToService } from "../../protocol/message.ts";
import type { RequestLedger } from "./request-ledger.ts";
import type { BrokerClient } from "./service-request.ts";

/** The service's clients: which ones there are, and what they ask for. */
export class BrokerClients {
  readonly #ledger: RequestLedger;
  readonly #byConnection = new Map<string, BrokerClient>();
  /** Connections of clients that have sent `bye`. They are pinged until they end. */
  readonly #departed = new Set<string>();

  constructor(ledger: RequestLedger) {
    this.#ledger = ledger;
  }

  get size(): number {
    return this.#byConnection.size;
  }

  [Symbol.iterator](): Iterator<BrokerClient> {
    return this.#byConnection.values();
  }

  /** Connections of the clients. */
  get connections(): Iterable<string> {
    return this.#byConnection.keys();
  }

  /** Connections of the clients and of those that are leaving. */
  get openConnections(): string[] {
    return [...this.#byConnection.keys(), ...this.#departed];
  }

  join(connection: string, id: string): void {
    if (this.#byConnection.has(connection)) return;
    this.#byConnection.set(connection, { connection, id, requests: new Map(), named: new Set() });
  }

  /** @returns Whether a client may send the message now. */
  message(connection: string, message: Exclude<ClientToService, Hello>): boolean {
    const client = this.#byConnection.get(connection);
    if (client === undefined) return false;
    if (message.type === "request") {
      this.#ledger.acceptAll(client, message);
    } else if (message.type === "cancel") {
      for (const { seq } of message.items) {
        const request = client.requests.get(seq);
        if (request === undefined) continue;
        this.#ledger.useful += 1;
        this.#ledger.abandon(request);
      }
    } else if (message.type === "bye") {
      this.#departed.add(connection);
      this.#gone(client);
    } else {
      return false;
    }
    return true;
  }

  disconnected(connection: string): void {
    this.#departed.delete(connection);
    const client = this.#byConnection.get(connection);
    if (client !== undefined) this.#gone(client);
  }

  #gone(client: BrokerClient): void {
    this.#byConnection.delete(client.connection);
    for (const request of [...client.requests.values()]) this.#ledger.abandon(request);
  }
}
