import type { Hello, Open, Signal } from "../../protocol/batch-message.ts";
import { keepLatest } from "./keep-latest.ts";

/** Most distributors that are remembered: one works, others may be about to take over. */
const MAX_DISTRIBUTORS = 100;

/** Most bytes of metadata in opens whose distributors are not introduced, but for the latest. A worker can send such opens, too. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Sends messages to a distributor. */
export interface DistributorPort {
  toPeer(connection: string, message: Signal<"ended" | "ping">): void;
  toAckLink(connection: string, message: Signal<"ended" | "ping">): void;
}

/**
 * The connections of distributors. A distributor may open a run only after it has introduced itself on the ACK link, where a worker
 * cannot come in.
 */
export class DistributorConnections {
  /** The connections of the run's distributor, on the collector's endpoint and on the ACK link; empty while there is none. */
  readonly current = { data: "", ack: "" };
  /** Hellos on the ACK link, by connection. */
  readonly #introduced = new Map<string, Hello>();
  /** The id of the run that a connection has opened. All connections but one are dead. */
  readonly #opened = new Map<string, string>();
  /** Opens of distributors that are not introduced yet, by connection. */
  readonly #waiting = new Map<string, Open>();
  readonly #port: DistributorPort;
  #missingSince = 0;

  constructor(port: DistributorPort) {
    this.#port = port;
  }

  get isPresent(): boolean {
    return this.current.data !== "" || this.current.ack !== "";
  }

  /** For how long there has been no distributor, in ms; 0 while there is one. */
  missingMs(now: number): number {
    return this.isPresent ? 0 : now - this.#missingSince;
  }

  ping(runId: string): void {
    const { ack, data } = this.current;
    if (ack !== "") this.#port.toAckLink(ack, { type: "ping", runId });
    if (data !== "") this.#port.toPeer(data, { type: "ping", runId });
  }

  /** Confirms the end of the run. It follows the last ACKs: the distributor counts what was handled, and nothing is handled afterwards. */
  confirmEnd(runId: string): void {
    const { ack, data } = this.current;
    if (ack !== "") this.#port.toAckLink(ack, { type: "ended", runId });
    else if (data !== "") this.#port.toPeer(data, { type: "ended", runId });
  }

  introduce(connection: string, hello: Hello): void {
    keepLatest(this.#introduced, connection, hello, MAX_DISTRIBUTORS);
  }

  isIntroduced({ runId, peerId }: Open): boolean {
    return [...this.#introduced.values()].some((hello) => hello.runId === runId && hello.peerId === peerId);
  }

  /** Keeps an `open` until its distributor has introduced itself. */
  wait(connection: string, open: Open): void {
    keepLatest(this.#waiting, connection, open, MAX_DISTRIBUTORS);
    let bytes = 0;
    // The latest first. A distributor whose `open` is forgotten sends it again.
    for (const [waiting, { metadata }] of [...this.#waiting].reverse()) {
      bytes += metadata.length;
      if (waiting !== connection && bytes > MAX_WAITING_BYTES) this.#waiting.delete(waiting);
    }
  }

  /** Takes the opens that waited for this introduction, with their connections. */
  *takeWaiting({ runId, peerId }: Hello): Iterable<readonly [string, Open]> {
    for (const [connection, open] of this.#waiting) {
      if (open.runId !== runId || open.peerId !== peerId) continue;
      this.#waiting.delete(connection);
      yield [connection, open];
    }
  }

  /** The connection's distributor has opened the run and is the current one. */
  open(connection: string, runId: string): void {
    keepLatest(this.#opened, connection, runId, MAX_DISTRIBUTORS);
    this.current.data = connection;
  }

  hasOpened(connection: string, runId: string): boolean {
    return this.#opened.get(connection) === runId;
  }

  /** Connections on the ACK link whose distributor has this run. */
  ackLinksOf(runId: string): string[] {
    return [...this.#introduced]
      .filter(([, hello]) => hello.runId === runId)
      .map(([connection]) => connection);
  }

  /** @returns Whether the connection was one of the current distributor's. */
  disconnected(link: "data" | "ack", connection: string, now: number): boolean {
    if (link === "ack") this.#introduced.delete(connection);
    else {
      this.#waiting.delete(connection);
      this.#opened.delete(connection);
    }
    if (this.current[link] !== connection || connection === "") return false;
    this.current[link] = "";
    this.#missingSince = now;
    return true;
  }
}
