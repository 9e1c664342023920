// Writes results to PostgreSQL, on a server that the example starts. In the middle of the run it kills the database and starts it again,
// and then the collector. At the end there is one row for each item.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { inTempFolder, withPrograms } from "../support/launch.ts";
import { withPostgres } from "../support/postgres.ts";
import { ITEMS } from "./settings.ts";

const TABLE = `CREATE TABLE squares (
  id text PRIMARY KEY,
  n integer NOT NULL,
  square bigint NOT NULL,
  computed_at timestamptz NOT NULL,
  inserted_at timestamptz NOT NULL DEFAULT now()
)`;

async function ask(url: string, text: string): Promise<Record<string, unknown>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows[0] ?? {};
  } finally {
    await client.end();
  }
}

async function rowsReach(url: string, count: number): Promise<void> {
  while (Number((await ask(url, "SELECT count(*) AS rows FROM squares")).rows) < count) await sleep(50);
}

const file = (name: string, ...args: string[]) => ({ file: new URL(name, import.meta.url), args });

await withPostgres((server) =>
  inTempFolder((folder) =>
    withPrograms(folder, async (start) => {
      await ask(server.url, TABLE);
      const first = start(file("collector.ts", server.url));
      const others = [start(file("worker.ts")), start(file("worker.ts")), start(file("run-distributor.ts"))];

      await rowsReach(server.url, ITEMS / 3);
      await server.kill();
      await sleep(1000);
      await server.start();
      console.log("the database was killed, and is there again");

      await rowsReach(server.url, (ITEMS * 2) / 3);
      first.child.kill("SIGKILL");
      await once(first.child, "exit");
      others.push(start(file("collector.ts", server.url)));
      console.log("the collector was killed, and is started again");

      await Promise.all(others.map(({ ended }) => ended));
      const squares =
        "SELECT count(*) AS rows, count(DISTINCT n) AS numbers, sum(square) AS sum FROM squares";
      const { rows, numbers, sum } = await ask(server.url, squares);
      const { failed, why } = await ask(
        server.url,
        "SELECT count(*) AS failed, min(error->>'message') AS why FROM failed_squares",
      );
      console.log(`${rows} rows of ${numbers} numbers, sum ${sum}; ${failed} failed: ${why}`);
    }),
  ),
);
