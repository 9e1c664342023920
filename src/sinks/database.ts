import { setTimeout as sleep } from "node:timers/promises";
import { PipelineError } from "../errors.ts";
import { describeThrown, propertyOf } from "../protocol/thrown.ts";
import type { SqlClient } from "./postgres-options.ts";

/** Shortest and longest wait before a statement is tried again, in ms. */
const BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2000;

/** How long a statement and a connection of our own pool may take, in ms: a host that has vanished does not answer. */
const QUERY_MS = 60_000;
const CONNECT_MS = 10_000;

/** PostgreSQL's codes of errors that pass by themselves: connections, resources, shutdown, conflicts. */
const PASSING = /^(08|53|57P|40001|40P01|55P03|25006)/;

/** Runs statements, and repeats them while the database cannot be reached. Statements must be idempotent. */
export class Database {
  readonly #client: SqlClient;
  readonly #retryTimeoutMs: number;
  readonly #note: (problem: string) => void;
  readonly #close: () => Promise<void>;
  readonly #closed = new AbortController();

  /**
   * @param note - Called each time that a statement failed and will be repeated.
   * @throws PipelineError `COLLECTION_FAILED` when the package pg is needed and missing.
   */
  static async open(
    database: string | SqlClient,
    retryTimeoutMs: number,
    note: (problem: string) => void,
  ): Promise<Database> {
    if (typeof database !== "string") return new Database(database, retryTimeoutMs, note, async () => {});
    const { Pool } = await importPg();
    const pool = new Pool({
      connectionString: database,
      max: 1,
      query_timeout: QUERY_MS,
      connectionTimeoutMillis: CONNECT_MS,
    });
    pool.on("error", (error) => note(error.message));
    return new Database(pool, retryTimeoutMs, note, () => pool.end());
  }

  private constructor(
    client: SqlClient,
    retryTimeoutMs: number,
    note: (problem: string) => void,
    close: () => Promise<void>,
  ) {
    this.#client = client;
    this.#retryTimeoutMs = retryTimeoutMs;
    this.#note = note;
    this.#close = close;
  }

  /** @throws The database's error, when it would come again, or when the database could not be reached for `retryTimeout` ms. */
  async query(text: string, values: unknown[] = []): Promise<void> {
    const giveUpAt = performance.now() + this.#retryTimeoutMs;
    for (let waitMs = BACKOFF_MS; ; waitMs = Math.min(2 * waitMs, MAX_BACKOFF_MS)) {
      try {
        await this.#client.query(text, values);
        return;
      } catch (error) {
        if (isLasting(error) || performance.now() + waitMs > giveUpAt || this.#closed.signal.aborted)
          throw error;
        this.#note(messageOf(error));
        await sleep(waitMs, undefined, { signal: this.#closed.signal });
      }
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error("The collector has ended"));
    await this.#close();
  }
}

/** Whether the database has refused the statement, and would refuse it again. */
export function isLasting(error: unknown): boolean {
  const code = propertyOf(error, "code");
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !PASSING.test(code) && !isErrno(code);
}

/** A system error with five letters, such as `EPIPE`, looks like a code of PostgreSQL. */
function isErrno(code: string): boolean {
  return /^E[A-Z]{4}$/.test(code);
}

/** Node's error for several failed attempts to connect has no message, only a code. */
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
