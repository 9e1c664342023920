import { BatchCollector } from "../collector/batch-collector.ts";
import type { CollectedResult } from "../collector/collected-result.ts";
import type { CollectorSummary } from "../collector/collector-summary.ts";
import type { Failure } from "../collector/failure.ts";
import { RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { jsonValues } from "../protocol/json-values.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { describeThrown, propertyOf } from "../protocol/thrown.ts";
import { NO_ENDPOINT } from "../role/network.ts";
import type { RunOptions } from "../role/role.ts";
import type { Security } from "../security/security.ts";
import { atCaller } from "../self/at-caller.ts";
import { Database, isLasting } from "./database.ts";
import { identifier, type PostgresCollectorOptions, resolvePostgresOptions } from "./postgres-options.ts";

/** PostgreSQL's code for a missing privilege. */
const INSUFFICIENT_PRIVILEGE = "42501";

/** Writes bytes as PostgreSQL's text form of bytea. */
const replace = jsonValues((bytes) => `\\x${Buffer.from(bytes).toString("hex")}`);

/**
 * Writes results into a table of PostgreSQL: one `INSERT` for all results that have arrived. The item's id is the key, and a row that exists
 * already stays: each item has exactly one row, however often collectors and the database are killed. Results are ACKed when they are
 * committed. While the database cannot be reached, workers keep their results.
 *
 * @typeParam Result - What the workers' handlers return.
 *
 * @example
 * ```ts
 * const collector = new PostgresCollector({
 *   database: "postgres://localhost/shop",
 *   table: "squares",
 *   endpoint: COLLECTOR,
 *   ackEndpoint: COLLECTOR_ACK,
 * });
 * await collector.run();
 * ```
 */
export class PostgresCollector<Result = Payload> extends BatchCollector<Result> {
  readonly endpoint: EndpointAddress;
  readonly ackEndpoint: EndpointAddress;
  override readonly security: Security | undefined;
  override readonly allowInsecure: boolean;
  override readonly maxConnections: number;
  override readonly batchSize: number;
  readonly #options: ReturnType<typeof resolvePostgresOptions<Result>>;
  readonly #log = new RoleLog("collector");
  #database: Database | undefined;

  /**
   * Opens no connection before `run()`.
   *
   * @throws TypeError, RangeError when an option is missing or wrong.
   */
  constructor(options: PostgresCollectorOptions<Result>) {
    super();
    this.#options = atCaller(PostgresCollector, () => resolvePostgresOptions(options));
    const { endpoint = NO_ENDPOINT, ackEndpoint = NO_ENDPOINT } = options;
    const { network } = this.#options;
    this.batchSize = this.#options.batchSize;
    this.endpoint = endpoint;
    this.ackEndpoint = ackEndpoint;
    this.security = network.security;
    this.allowInsecure = network.allowInsecure;
    this.maxConnections = network.maxConnections;
  }

  /** @throws The database's error when it cannot be reached for `retryTimeout` ms, or when a table cannot be made. */
  override async run(options: RunOptions = {}): Promise<CollectorSummary> {
    const { database, retryTimeout } = this.#options;
    this.#database = await Database.open(database, retryTimeout, (problem) =>
      this.#log.write("warn", "the database cannot be reached: the collector tries again", { problem }),
    );
    try {
      await this.#makeTables();
      return await super.run(options);
    } finally {
      await this.#database.close();
    }
  }

  async handleBatch(results: readonly CollectedResult<Result>[]): Promise<undefined> {
    const { table, row } = this.#options;
    const columns = (result: CollectedResult<Result>): Row =>
      row === undefined ? defaultRow(result) : columnTexts(row(result));
    const rows = results.map((result) => ({ id: result.id, ...columns(result) }));
    try {
      await this.#insert(table, rows);
    } catch (error) {
      if (!isLasting(error)) throw error;
      // One of the rows is to blame. Writing them one by one finds it, and the rows before it are written.
      for (const [index, one] of rows.entries())
        await this.#insertNamed(table, one, results[index]?.id ?? "");
    }
    await this.#dropFailures(results.filter(({ generation }) => generation > 0).map(({ id }) => id));
  }

  override async handleFailure(failure: Failure<unknown>, taskType: TaskType): Promise<void> {
    const { failuresTable } = this.#options;
    if (failuresTable === undefined) return void super.handleFailure(failure, taskType);
    const { id, generation, data, error, attempts } = failure;
    if (generation > 0) await this.#dropFailures([id]);
    await this.#insertNamed(failuresTable, { id, task_type: taskType.name, data, error, attempts }, id);
  }

  async #makeTables(): Promise<void> {
    const { table, row, failuresTable } = this.#options;
    const columns = "id text PRIMARY KEY, task_type text NOT NULL, data jsonb";
    if (row === undefined) await this.#make(table, columns);
    if (failuresTable !== undefined)
      await this.#make(failuresTable, `${columns}, error jsonb NOT NULL, attempts integer NOT NULL`);
  }

  async #make(table: string, columns: string): Promise<void> {
    try {
      await this.#database?.query(`CREATE TABLE IF NOT EXISTS ${table} (${columns})`);
    } catch (error) {
      // A user without the right to make tables may have one that exists already.
      if (propertyOf(error, "code") !== INSUFFICIENT_PRIVILEGE) throw error;
    }
  }

  /** Removes failures that a later generation of their items has superseded. */
  async #dropFailures(ids: readonly string[]): Promise<void> {
    const { failuresTable } = this.#options;
    if (failuresTable === undefined || ids.length === 0) return;
    try {
      await this.#database?.query(`DELETE FROM ${failuresTable} WHERE id = ANY ($1::text[])`, [ids]);
    } catch (error) {
      if (propertyOf(error, "code") !== INSUFFICIENT_PRIVILEGE) throw error;
      const problem = describeThrown(error);
      this.#log.warn("failures that were executed again stay in their table", { failuresTable, problem });
    }
  }

  async #insertNamed(table: string, row: Row, id: string): Promise<void> {
    try {
      await this.#insert(table, [row]);
    } catch (error) {
      throw new Error(`Item ${id} cannot be written: ${describeThrown(error)}`, { cause: error });
    }
  }

  /** Converts values by the table's own column types, and takes any number of rows as one parameter. */
  async #insert(table: string, rows: readonly Row[]): Promise<void> {
    for (const [columns, alike] of byColumns(rows)) {
      const names = columns.map(identifier).join(", ");
      const text = `INSERT INTO ${table} (${names}) SELECT ${names} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb) ON CONFLICT ("id") DO NOTHING`;
      await this.#database?.query(text, [JSON.stringify(alike, replace)]);
    }
  }
}

type Row = Readonly<Record<string, unknown>>;

function defaultRow<Result>({ taskType, data }: CollectedResult<Result>) {
  return { task_type: taskType.name, data };
}

/** Writes NaN and infinities as text, which columns of floating point numbers accept. Within JSON values `replace` marks them. */
function columnTexts(row: Row): Row {
  const entries = Object.entries(row).map(([column, value]) => {
    return [column, typeof value === "number" && !Number.isFinite(value) ? String(value) : value];
  });
  return Object.fromEntries(entries) as Row;
}

/** Groups rows by their columns, so that a column that a row leaves out gets its default. */
function byColumns(rows: readonly Row[]): [readonly string[], Row[]][] {
  const groups = new Map<string, [readonly string[], Row[]]>();
  for (const row of rows) {
    const columns = Object.keys(row).filter((column) => row[column] !== undefined);
    const key = JSON.stringify(columns);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [columns, [row]]);
    else group[1].push(row);
  }
  return [...groups.values()];
}
