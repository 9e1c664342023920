// collector.ts URL: writes squares into a table that `main.ts` has made, and failed items into another table.
import { PostgresCollector } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.ts";

const [, , database = ""] = process.argv;

const collector = new PostgresCollector<{ n: number; square: bigint; at: Date }>({
  database,
  table: "squares",
  row: ({ data: { n, square, at } }) => ({ n, square, computed_at: at }),
  failuresTable: "failed_squares",
  endpoint: COLLECTOR,
  ackEndpoint: COLLECTOR_ACK,
});
const { collected, failed } = await collector.run({ signals: true });
console.log(`this collector wrote or recognised ${collected} rows and ${failed} failures`);
