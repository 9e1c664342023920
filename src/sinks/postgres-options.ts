import type { CollectedResult } from "../collector/collected-result.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import { assertCount, assertEndpoint, assertTimeout } from "../role/checks.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";
import { type NetworkOptions, resolveNetwork } from "../role/network.ts";

/** A client of a database that understands PostgreSQL's SQL, such as a `Pool` of [pg](https://node-postgres.com). */
export interface SqlClient {
  /** Runs a statement. `$1` in it stands for the first value. */
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** The options of a {@link PostgresCollector}. */
export interface PostgresCollectorOptions<Result = Payload> extends NetworkOptions {
  /**
   * A connection string such as `postgres://user@host/database`, which needs the package `pg`, or a pool, which the collector does not
   * close. Add a listener for `error` to a pool of pg: without one, a restart of the server ends the process.
   */
  readonly database: string | SqlClient;
  /** The table, also as `schema.table`. It is made if it is missing, unless `row` is given. */
  readonly table: string;
  /**
   * Returns the values for a result's row by column, without the id. The table's column `id` must be the primary key, or unique.
   * @default `task_type` (text) and `data` (jsonb)
   */
  readonly row?: (result: CollectedResult<Result>) => Readonly<Record<string, unknown>>;
  /**
   * The table for items that failed for good, with the columns `id`, `task_type`, `data` (jsonb), `error` (jsonb), `attempts`. It is made if
   * it is missing. When such an item is executed again (`retryFailed`), its row is deleted, or replaced by that of its latest failure.
   * @default none: failures are logged
   */
  readonly failuresTable?: string;
  /**
   * Most rows in one `INSERT`.
   * @default 1000
   */
  readonly batchSize?: number;
  /**
   * How long the collector tries to reach the database before it gives up, in ms. Meanwhile workers keep their results.
   * @default 300000
   */
  readonly retryTimeout?: number;
  /**
   * The endpoint to which workers deliver results, and the distributor failed items.
   * @default none: a `Pipeline` has endpoints of its own
   */
  readonly endpoint?: EndpointAddress;
  /**
   * The endpoint from which the distributor gets the ACKs.
   * @default none: a `Pipeline` has endpoints of its own
   */
  readonly ackEndpoint?: EndpointAddress;
}

const DEFAULT_BATCH_SIZE = 1000;

/** Enough for a restart of the server, or its move to another machine; in ms. */
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
export function resolvePostgresOptions<Result>(options: PostgresCollectorOptions<Result>) {
  assertKnownOptions("PostgresCollector", options, OPTIONS);
  const { database, table, row, failuresTable, endpoint, ackEndpoint } = options;
  const { batchSize = DEFAULT_BATCH_SIZE, retryTimeout = DEFAULT_RETRY_TIMEOUT } = options;
  if (typeof database !== "string" && typeof database?.query !== "function")
    throw new TypeError("database must be a connection string, or have query()");
  assertCount("batchSize", batchSize, 1);
  assertTimeout("retryTimeout", retryTimeout);
  if (endpoint !== undefined) assertEndpoint("endpoint", endpoint);
  if (ackEndpoint !== undefined) assertEndpoint("ackEndpoint", ackEndpoint);
  if (row !== undefined && typeof row !== "function") throw new TypeError("row must be a function");
  const failures = failuresTable === undefined ? undefined : quoted("failuresTable", failuresTable);
  const network = resolveNetwork(options);
  return {
    database,
    table: quoted("table", table),
    row,
    failuresTable: failures,
    batchSize,
    retryTimeout,
    network,
  };
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
