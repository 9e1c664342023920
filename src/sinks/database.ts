import { setTimeout as sleep } from "node:timers/promises";
import { PipelineError } from "../errors.ts";
import { describeThrown, propertyOf } from "../protocol/thrown.ts";
import type { SqlClient } from "./postgres-options.ts";

/** Shortest and longest wait before a statement is tried again, in ms. */
const BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2000;

/** Longest that a statement and a connection of our own pool may take, in ms: a host that vanished does not say so. */
const QUERY_MS = 60_000;
const CONNECT_MS = 10_000;

/** Of PostgreSQL's error codes, those of faults that pass by themselves: connections, resources, shutdown, conflicts. */
const PASSING = /^(08|53|57P|40001|40P01|55P03|25006)/;

/** Runs statements, again and again while the database is not there. Statements must bear to be repeated. */
export class Database {
  readonly #client: SqlClient;
  readonly #retryTimeout: number;
  readonly #note: (problem: string) => void;
  readonly #close: () => Promise<void>;
  readonly #closed = new AbortController();

  /**
   * @param note - Hears of each time that the database is not there.
   * @throws PipelineError `COLLECTION_FAILED` where the package pg is needed and missing.
   */
  static async open(
    database: string | SqlClient,
    retryTimeout: number,
    note: (problem: string) => void,
  ): Promise<Database> {
    if (typeof database !== "string") return new Database(database, retryTimeout, note, async () => {});
    const { Pool } = await importPg();
    const pool = new Pool({
      connectionString: database,
      max: 1,
      query_timeout: QUERY_MS,
      connectionTimeoutMillis: CONNECT_MS,
    });
    pool.on("error", (error) => note(error.message));
    return new Database(pool, retryTimeout, note, () => pool.end());
  }

  private constructor(
    client: SqlClient,
    retryTimeout: number,
    note: (problem: string) => void,
    close: () => Promise<void>,
  ) {
    this.#client = client;
    this.#retryTimeout = retryTimeout;
    this.#note = note;
    this.#close = close;
  }

  /** @throws What the database says, where it would say the same again, or was not there for too long. */
  async query(text: string, values: unknown[] = []): Promise<void> {
    const giveUpAt = performance.now() + this.#retryTimeout;
    for (let wait = BACKOFF_MS; ; wait = Math.min(2 * wait, MAX_BACKOFF_MS)) {
      try {
        await this.#client.query(text, values);
        return;
      } catch (error) {
        if (isLasting(error) || performance.now() + wait > giveUpAt || this.#closed.signal.aborted)
          throw error;
        this.#note(messageOf(error));
        await sleep(wait, undefined, { signal: this.#closed.signal });
      }
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error("The collector has ended"));
    await this.#close();
  }
}

/** Whether the database has looked at the statement, and will not like it another time either. */
export function isLasting(error: unknown): boolean {
  const code = propertyOf(error, "code");
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !PASSING.test(code) && !isErrno(code);
}

/** System errors with five letters, such as `EPIPE`, look like codes of PostgreSQL. */
function isErrno(code: string): boolean {
  return /^E[A-Z]{4}$/.test(code);
}

/** Of several attempts to connect, Node says nothing but that there were some. */
function messageOf(error: unknown): string {
  const code = propertyOf(error, "code");
  return propertyOf(error, "message") === "" && typeof code === "string" ? code : describeThrown(error);
}

async function importPg(): Promise<typeof import("pg")> {
  try {
    return await import("pg");
  } catch (error) {
    const text = "A connection string needs the package pg: npm install pg";
    throw new PipelineError("COLLECTION_FAILED", text, { role: "collector", cause: error });
  }
}
