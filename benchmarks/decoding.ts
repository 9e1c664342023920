// How long does the worst payload of each kind take to decode, and the worst message of each kind? A role's event loop does not turn meanwhile,
// and the bounds of src/protocol/bounds.ts keep it below 50 ms. `--only TEXT` measures the cases whose names have the text.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MESSAGES, PAYLOADS } from "./support/decode-cases.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { isShort, option } from "./support/rounds.ts";

const ROUNDS = option("rounds", 3, 1);
const DEADLINE_MS = 120_000;
const role = fileURLToPath(new URL("./roles/decoding.ts", import.meta.url));
const at = process.argv.indexOf("--only");
const part = at < 0 ? "" : (process.argv[at + 1] ?? "");

interface Measured {
  readonly count: number;
  readonly bytes: number;
  readonly ms: readonly number[];
}

function measure(name: string): Measured {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--expose-gc", "--import", "tsx", role, name],
    {
      encoding: "utf8",
      timeout: DEADLINE_MS,
    },
  );
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.slice(-500)}`);
  return JSON.parse(stdout) as Measured;
}

const chosen = [...Object.keys(PAYLOADS), ...Object.keys(MESSAGES)].filter((name) => name.includes(part));
// Printed as they come: all of them take some minutes.
const names = isShort ? [chosen[0] ?? "", chosen.at(-1) ?? ""] : chosen;
const results = names.map((name) => {
  const rounds = Array.from({ length: ROUNDS }, () => measure(name));
  const first = rounds.map(({ ms }) => ms[0] ?? Number.NaN);
  const later = rounds.map(({ ms }) => median(ms.slice(1)));
  const { count, bytes } = rounds[0] as Measured;
  const all = rounds.map(({ ms }) => ms);
  console.error(
    `${name}: ${all
      .flat()
      .map((ms) => ms.toFixed(1))
      .join(" ")}`,
  );
  return { name, count, bytes, firstMs: median(first), laterMs: median(later), rounds: all };
});
const ms = (value: number) => value.toFixed(1);
printTable(
  ["largest of its kind", "count", "bytes", "first ms", "later ms"],
  results.map(({ name, count, bytes, firstMs, laterMs }) => [
    name,
    whole(count),
    whole(bytes),
    ms(firstMs),
    ms(laterMs),
  ]),
);
if (part === "") saveResults("decoding", results);
