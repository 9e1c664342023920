import type { Message } from "../protocol/message.ts";

/** What a connection may use up at a time: about a second of a role's work. A worker that connects again may send 256 MiB of results and as many references as a list may have. */
export const CAPACITY = 65_536;

/** What it may use up in addition, in each ms. */
export const REFILL_PER_MS = 2;

/** How many entries of a list, and how many bytes of payloads, count as much as a message without any. */
const ENTRIES = 64;
const BYTES = 65_536;

interface Budget {
  left: number;
  /** When that was left, in ms of the role's clock. */
  at: number;
}

/**
 * What each connection may cost a role without being of use: a message that changes nothing counts as 1 (about 15 µs), and more with what is in it. What
 * follows from what the role has handed out, such as results that are new, counts as nothing. Time is that of the role's clock, so that no peer pays for
 * a role that stood still.
 */
export class ConnectionBudgets {
  readonly #clock: { readonly now: number };
  readonly #exceeded: (connection: string) => void;
  readonly #budgets = new Map<string, Budget>();

  /** @param exceeded - A connection has used up what it may: it is not to be heard any more. */
  constructor(clock: { readonly now: number }, exceeded: (connection: string) => void) {
    this.#clock = clock;
    this.#exceeded = exceeded;
  }

  /**
   * A message was handled.
   *
   * @param useful - How many of its entries changed something; of a message without a list, 1 if it did.
   * @param givenBack - How many items of the peer go to others because of it. They cost as much as entries, useful or not: a peer may take items and
   *   give them back without end.
   */
  heard(connection: string, message: Message, useful: number, givenBack = 0): void {
    const cost = uselessCost(message, useful) + Math.ceil(givenBack / ENTRIES);
    if (cost === 0) return;
    const { now } = this.#clock;
    const { left, at } = this.#budgets.get(connection) ?? { left: CAPACITY, at: now };
    const rest = Math.min(CAPACITY, left + (now - at) * REFILL_PER_MS) - cost;
    if (rest >= 0) {
      this.#budgets.set(connection, { left: rest, at: now });
      return;
    }
    this.#budgets.delete(connection);
    this.#exceeded(connection);
  }

  disconnected(connection: string): void {
    this.#budgets.delete(connection);
  }

  /** Forgets budgets that are full again: the end of a connection is not always noticed. */
  tick(): void {
    const { now } = this.#clock;
    for (const [connection, { left, at }] of this.#budgets)
      if (left + (now - at) * REFILL_PER_MS >= CAPACITY) this.#budgets.delete(connection);
  }
}

/** What a message costs that was of no use, or of some. */
function uselessCost(message: Message, useful: number): number {
  const entries = entriesOf(message);
  if (useful > 0 && useful >= entries) return 0;
  const share = entries === 0 ? 1 : 1 - useful / entries;
  const bytes = Math.floor((share * bytesOf(message)) / BYTES);
  // A client whose requests are refused, one by one because the service is busy, does nothing wrong: only very many are too much.
  if (message.type === "request") return (share * entries) / ENTRIES + bytes;
  return 1 + Math.floor((share * entries) / ENTRIES) + bytes;
}

/** How many entries the lists of a message have. */
function entriesOf(message: Message): number {
  if ("items" in message) return message.items.length;
  if (message.type === "hello") return message.held.length;
  if (message.type === "blocked") return message.running.length;
  if (message.type === "open") return message.tasks.length;
  return 0;
}

/** How many bytes the payloads of a message have. The metadata of an `open` do not count: it is repeated until both links are there. */
function bytesOf(message: Message): number {
  if (message.type === "result" || message.type === "reply" || message.type === "request")
    return message.items.reduce((sum, { payload }) => sum + payload.length, 0);
  return message.type === "metadata" ? message.payload.length : 0;
}

/** Why a connection that has exceeded its budget is refused. */
export const TOO_MUCH = "it has sent too much that is of no use";
