import type { Hello, Open } from "../../protocol/batch-message.ts";

/** Most distributors that are remembered: one works, others may be about to take over. */
const MAX_DISTRIBUTORS = 100;

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

  get isPresent(): boolean {
    return this.current.data !== "" || this.current.ack !== "";
  }

  introduce(connection: string, hello: Hello): void {
    keepLatest(this.#introduced, connection, hello);
  }

  isIntroduced({ runId, peerId }: Open): boolean {
    return [...this.#introduced.values()].some((hello) => hello.runId === runId && hello.peerId === peerId);
  }

  /** Keeps an `open` until its distributor has introduced itself. */
  wait(connection: string, open: Open): void {
    keepLatest(this.#waiting, connection, open);
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
    keepLatest(this.#opened, connection, runId);
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
  disconnected(link: "data" | "ack", connection: string): boolean {
    if (link === "ack") this.#introduced.delete(connection);
    else {
      this.#waiting.delete(connection);
      this.#opened.delete(connection);
    }
    if (this.current[link] !== connection || connection === "") return false;
    this.current[link] = "";
    return true;
  }
}

/** Adds an entry and forgets the oldest ones: the end of most connections is not noticed. */
function keepLatest<T>(map: Map<string, T>, connection: string, value: T): void {
  map.delete(connection);
  map.set(connection, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_DISTRIBUTORS) return;
    map.delete(oldest);
  }
}
