// Every benchmark ends with a table for people and a JSON file with the raw results.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { isShort } from "./rounds.ts";

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  console.log(line(header));
  for (const row of rows) console.log(line(row));
}

export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? Number.NaN;

export const whole = (value: number): string => Math.round(value).toLocaleString("en");

const FOLDER = new URL("../results/", import.meta.url);

/** The raw results that were saved last. */
export function savedResults(name: string): unknown {
  const file = new URL(`${name}.json`, FOLDER);
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly results: unknown }).results;
}

/** Saves raw results with the command, machine and versions that made them. A short run saves nothing: its figures mean nothing. */
export function saveResults(
  name: string,
  results: unknown,
  command = ["node", "--import", "tsx", `benchmarks/${name}.ts`, ...process.argv.slice(2)].join(" "),
): void {
  if (isShort) return;
  mkdirSync(FOLDER, { recursive: true });
  const versionOf = (path: string) =>
    (JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as { version: string }).version;
  const record = {
    command,
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model,
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    versions: {
      node: process.version,
      zmqpipeline: versionOf("../../package.json"),
      zeromq: versionOf("../../node_modules/zeromq/package.json"),
      bullmq: versionOf("../../node_modules/bullmq/package.json"),
      piscina: versionOf("../../node_modules/piscina/package.json"),
    },
    results,
  };
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(record, null, 2)}\n`);
}
