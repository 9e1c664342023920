import type { CollectedResult } from "../collector/collected-result.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import { assertCount, assertTimeout } from "../role/checks.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";
import type { NetworkOptions } from "../role/network.ts";

/** What is needed of a database: a `Pool` of [pg](https://node-postgres.com) has it, and others that speak PostgreSQL's SQL. */
export interface SqlClient {
  /** Runs a statement; `$1` in it is the first of the values. */
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Of a {@link PostgresCollector}. */
export interface PostgresCollectorOptions<Result extends object = Payload> extends NetworkOptions {
  /**
   * A connection string (`postgres://user@host/database`; needs the package `pg`), or a pool that stays yours to close. A pool of pg
   * needs a listener for `error`: without one, a server that restarts ends the process.
   */
  readonly database: string | SqlClient;
  /** The table, also as `schema.table`. It is made where it is missing, unless `row` is given. */
  readonly table: string;
  /**
   * What goes into the table beside the id: values by column. The column `id` must be the primary key, or unique.
   * @default `task_type` (text) and `data` (jsonb)
   */
  readonly row?: (result: CollectedResult<Result>) => Readonly<Record<string, unknown>>;
  /**
   * Where items go that failed for good: `id`, `task_type`, `data` (jsonb), `error` (jsonb), `attempts`. It is made where it is missing.
   * @default nowhere: they are logged
   */
  readonly failuresTable?: string;
  /**
   * Most rows in one `INSERT`.
   * @default 1000
   */
  readonly batchSize?: number;
  /**
   * How long the database may be unreachable before the collector gives up, in ms. Meanwhile results wait with their workers.
   * @default 300000
   */
  readonly retryTimeout?: number;
  /**
   * Where workers and the distributor deliver.
   * @default none: for a `Pipeline`, which has its own
   */
  readonly endpoint?: EndpointAddress;
  /**
   * Where the distributor fetches the ACKs.
   * @default none
   */
  readonly ackEndpoint?: EndpointAddress;
}

const DEFAULT_BATCH_SIZE = 1000;

/** A server's restart, or its move to another machine. */
const DEFAULT_RETRY_TIMEOUT = 300_000;

const OPTIONS = optionNames<PostgresCollectorOptions>({
  database: true,
  table: true,
  row: true,
  failuresTable: true,
  batchSize: true,
  retryTimeout: true,
  endpoint: true,
  ackEndpoint: true,
  security: true,
  allowInsecure: true,
  maxConnections: true,
});

/** @throws TypeError, RangeError when an option is missing or wrong. */
export function resolvePostgresOptions<Result extends object>(options: PostgresCollectorOptions<Result>) {
  assertKnownOptions("PostgresCollector", options, OPTIONS);
  const { database, table, row, failuresTable } = options;
  const { batchSize = DEFAULT_BATCH_SIZE, retryTimeout = DEFAULT_RETRY_TIMEOUT } = options;
  if (typeof database !== "string" && typeof database?.query !== "function")
    throw new TypeError("database must be a connection string, or have query()");
  assertCount("batchSize", batchSize, 1);
  assertTimeout("retryTimeout", retryTimeout);
  if (row !== undefined && typeof row !== "function") throw new TypeError("row must be a function");
  const failures = failuresTable === undefined ? undefined : quoted("failuresTable", failuresTable);
  return { database, table: quoted("table", table), row, failuresTable: failures, batchSize, retryTimeout };
}

/** A table's name as SQL: `schema.table` becomes `"schema"."table"`. */
function quoted(option: string, name: unknown): string {
  if (typeof name !== "string" || !/^[^.\0]+(\.[^.\0]+)?$/.test(name))
    throw new TypeError(`${option} must be a table's name, or schema.table`);
  return name.split(".").map(identifier).join(".");
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
