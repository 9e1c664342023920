import { join } from "node:path";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { PostgresServer } from "../../examples/support/postgres.ts";
import {
  type DistributorOptions,
  PostgresCollector,
  type PostgresCollectorOptions,
} from "../../src/index.ts";
import { freePort, freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { makeDistributor, NumbersTask, NumbersWorker } from "../support/roles.ts";

type Data = Record<string, unknown>;
type Options = Partial<PostgresCollectorOptions<Data>>;

let server: PostgresServer;
beforeAll(async () => {
  server = new PostgresServer(await freePort());
  await server.start();
}, 120_000);
afterAll(() => server.remove());

let tables = 0;
const freshTable = () => `results_${++tables}`;

async function ask(text: string): Promise<Data[]> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** A run whose results go into a table. */
async function collect(
  table: string,
  items: number,
  result: (n: number) => Data | Promise<Data>,
  options: Options = {},
  distributorOptions: Partial<DistributorOptions> = {},
) {
  const endpoints = await freshEndpoints("ipc");
  const collector = new PostgresCollector<Data>({
    database: server.url,
    table,
    endpoint: address(endpoints.collector),
    ackEndpoint: address(endpoints.ack),
    ...options,
  });
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, items), {
    endTimeout: 500,
    ...distributorOptions,
  });
  const worker = new NumbersWorker(endpoints, ({ n }) => result(n));
  const run = Promise.all([distributor.run(), worker.run()]);
  const collected = collector.run();
  // It leaves the others alone with it.
  collected.catch(() => Promise.all([distributor.stop({ timeout: 0 }), worker.stop({ timeout: 0 })]));
  return { collector, distributor, collected, run };
}

test("A PostgresCollector makes its tables, with a row for each item, and one for each that failed", async () => {
  const table = freshTable();
  const result = (n: number) => {
    if (n === 3) throw new RangeError("three's too many");
    return { n, big: 2n ** 60n, when: new Date(0), bytes: Buffer.from("x"), text: 'it\'s "quoted"; $1' };
  };
  const { run, collected } = await collect(table, 2000, result, { failuresTable: `${table}_failed` });
  const [summary] = await run;
  expect(await collected).toMatchObject({ collected: 1999, failed: 1 });
  const [counts] = await ask(
    `SELECT count(*)::int AS rows, count(DISTINCT data->>'n')::int AS numbers FROM ${table}`,
  );
  expect(counts).toEqual({ rows: 1999, numbers: 1999 });
  expect(await ask(`SELECT * FROM ${table} WHERE id LIKE '%/5'`)).toEqual([
    {
      id: `${summary.runId}/numbers/5`,
      task_type: "numbers",
      data: {
        n: 5,
        big: "1152921504606846976",
        when: "1970-01-01T00:00:00.000Z",
        bytes: "\\x78",
        text: 'it\'s "quoted"; $1',
      },
    },
  ]);
  expect(await ask(`SELECT * FROM ${table}_failed`)).toMatchObject([
    {
      task_type: "numbers",
      data: { n: 3 },
      error: { name: "RangeError", message: "three's too many" },
      attempts: 3,
    },
  ]);
});

test("A PostgresCollector writes null for a result that is null, and keeps nulls within a result", async () => {
  const table = freshTable();
  const results: readonly unknown[] = [null, { n: null }, [null], {}];
  const { run, collected } = await collect(table, 4, (n) => results[n] as Data);
  await Promise.all([run, collected]);
  const rows = await ask(
    `SELECT data IS NULL AS "isNull", jsonb_typeof(data->'n') AS type, data FROM ${table} ORDER BY id`,
  );
  expect(rows).toEqual([
    { isNull: true, type: null, data: null },
    { isNull: false, type: "null", data: { n: null } },
    { isNull: false, type: null, data: [null] },
    { isNull: false, type: null, data: {} },
  ]);
});

test("A PostgresCollector has a failure's row only until a later generation of its item ends", async () => {
  const table = freshTable();
  const journal = { path: join(tempFolder(), "run.journal"), retryFailed: true };
  const live = async (failing: readonly number[]) => {
    const result = (n: number) => {
      if (failing.includes(n)) throw Object.assign(new RangeError(`no ${n}`), { retryable: false });
      return { n };
    };
    const { run, collected } = await collect(
      table,
      3,
      result,
      { failuresTable: `${table}_failed` },
      { journal },
    );
    await Promise.all([run, collected]);
    const failed = await ask(`SELECT id, data->>'n' AS n FROM ${table}_failed ORDER BY id`);
    return { failed, rows: await ask(`SELECT id, data->>'n' AS n FROM ${table} ORDER BY id`) };
  };
  const first = await live([0, 2]);
  expect(first.failed).toMatchObject([{ n: "0" }, { n: "2" }]);
  const second = await live([2]);
  expect(second.failed).toEqual(first.failed.slice(1));
  const third = await live([]);
  expect(third.failed).toEqual([]);
  expect(third.rows.map(({ n }) => n)).toEqual(["0", "1", "2"]);
  expect(third.rows[2]).toEqual(first.failed[1]);
});

test("A PostgresCollector writes custom rows into an existing table, with its types and defaults", async () => {
  await ask('CREATE SCHEMA "odd"');
  await ask(`CREATE TABLE "odd"."a""b" (id text PRIMARY KEY, n int, big bigint, "When" timestamptz, bytes bytea,
    list int[], note text DEFAULT 'none', at timestamptz DEFAULT now())`);
  const row: NonNullable<Options["row"]> = ({ data }) => ({
    n: data.n,
    big: data.big,
    When: data.when,
    bytes: data.bytes,
    list: [1, 2],
    note: data.n === 1 ? "one" : undefined,
  });
  const result = (n: number) => ({ n, big: 2n ** 62n, when: new Date(1000), bytes: Uint8Array.of(0, 255) });
  const { run, collected } = await collect('odd.a"b', 3, result, { row });
  await Promise.all([run, collected]);
  const rows = await ask(
    'SELECT n, big, "When", bytes, list, note, at IS NOT NULL AS at FROM "odd"."a""b" ORDER BY n',
  );
  const same = {
    big: String(2n ** 62n),
    When: new Date(1000),
    bytes: Buffer.from([0, 255]),
    list: [1, 2],
    at: true,
  };
  expect(rows).toEqual([
    { n: 0, note: "none", ...same },
    { n: 1, note: "one", ...same },
    { n: 2, note: "none", ...same },
  ]);
});

test("A PostgresCollector writes no second row for an item that is delivered again", async () => {
  const table = freshTable();
  const pool = new Pool({ connectionString: server.url });
  onTestFinished(() => pool.end());
  let repeated = 0;
  // A commit whose confirmation is lost: the statement is repeated.
  const forgetful = {
    query: async (text: string, values?: unknown[]) => {
      const done = await pool.query(text, values);
      if (text.startsWith("INSERT") && ++repeated % 2 === 1)
        throw new Error("Connection terminated unexpectedly");
      return done;
    },
  };
  const { run, collected } = await collect(table, 300, (n) => ({ n }), {
    database: forgetful,
    batchSize: 100,
  });
  await Promise.all([run, collected]);
  expect(repeated).toBeGreaterThanOrEqual(2);
  expect(await ask(`SELECT count(*)::int AS rows FROM ${table}`)).toEqual([{ rows: 300 }]);
});

describe("A database of a PostgresCollector that is", () => {
  long("killed in the middle is waited for", async () => {
    const table = freshTable();
    const pause = async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return { n };
    };
    const { run, collected } = await collect(table, 500, pause);
    const rows = async () =>
      (await ask(`SELECT count(*)::int AS rows FROM ${table}`).catch(() => []))[0]?.rows;
    await expect.poll(rows).toBeGreaterThan(50);
    await server.kill();
    await server.start();
    await Promise.all([run, collected]);
    expect(await rows()).toBe(500);
  });

  test("unavailable for too long ends the collector", async () => {
    const nowhere = `postgres://localhost:${await freePort()}/none`;
    const first = await collect("results", 1, (n) => ({ n }), { database: nowhere, retryTimeout: 300 });
    await expect(first.collected).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await first.run;
  });

  test("lost lets a stopped collector end in time", async () => {
    const pool = new Pool({ connectionString: server.url });
    onTestFinished(() => pool.end());
    const lost = {
      query: async (text: string) => {
        if (text.startsWith("INSERT")) throw Object.assign(new Error("gone"), { code: "ECONNRESET" });
        return await pool.query(text);
      },
    };
    const { collector, distributor, run, collected } = await collect(freshTable(), 5, (n) => ({ n }), {
      database: lost,
    });
    await expect.poll(() => distributor.progress.tasks.numbers?.inFlight).toBeGreaterThan(0);
    await collector.stop({ timeout: 100 });
    await collected;
    await distributor.stop({ timeout: 0 });
    await run;
  });

  test("not the expected one is an error at once", async () => {
    const { run, collected } = await collect("results", 1, (n) => ({ n }), { database: `${server.url}s` });
    await expect(collected).rejects.toMatchObject({ code: "3D000" });
    await run;
  });
});

test("A PostgresCollector names a result that the table refuses, and writes those before it", async () => {
  await ask("CREATE TABLE small (id text PRIMARY KEY, n smallint)");
  const { run, collected } = await collect("small", 100, (n) => ({ n: n === 60 ? 100_000 : n }), {
    row: ({ data }) => ({ n: data.n }),
  });
  await expect(collected).rejects.toMatchObject({
    code: "COLLECTION_FAILED",
    message: expect.stringMatching(/Item \w+\/numbers\/60 cannot be written: .*out of range/),
  });
  await run;
  expect(await ask("SELECT count(*)::int AS rows FROM small")).toEqual([{ rows: 60 }]);
});

test.each([
  [{ database: 7 }, "database must be a connection string"],
  [{ table: "" }, "table must be a table's name"],
  [{ table: "a.b.c" }, "table must be a table's name"],
  [{ failuresTable: "a." }, "failuresTable must be"],
  [{ row: "n" }, "row must be a function"],
  [{ batchSize: 0 }, "batchSize 0 must be"],
  [{ retryTimeout: -1 }, "retryTimeout -1 must be"],
])("A PostgresCollector refuses the options %j", (options, text) => {
  const all = { database: "postgres://", table: "t", ...options } as unknown as PostgresCollectorOptions;
  expect(() => new PostgresCollector(all)).toThrow(text);
});
