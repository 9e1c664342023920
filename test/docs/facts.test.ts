import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../../src/index.ts";
import { SEEDS_OF_NPM_TEST } from "../simulation/seeds.ts";
import { ROOT, snippetsOf } from "./run-snippets.ts";

test("docs/errors.md has every code, and no others", () => {
  const text = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
  const listed = [...text.matchAll(/^\| `([A-Z_]+)` \| ([^|]+)\. \|/gm)].map(([, code, meaning]) => [
    code,
    meaning,
  ]);
  expect(Object.fromEntries(listed)).toEqual(ERROR_CODES);
});

test("ARCHITECTURE.md names files, folders and definitions that exist", () => {
  const paths = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  const sources = paths.filter((path) => path.endsWith(".ts"));
  const source = sources.map((path) => readFileSync(join(ROOT, "src", path), "utf8")).join("\n");
  const text = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8").replace(/^```[\s\S]*?^```$/gm, "");
  const names = new Set(
    [...text.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name.replace(/\/$|\(.*\)$/, "")),
  );
  expect(names.size).toBeGreaterThan(50);
  const missing = [...names].filter((name) => {
    if (name.startsWith("npm ")) return false;
    if (/^[A-Z]\w+$/.test(name))
      return !new RegExp(`\\b(class|interface|type|function|const) ${name}\\b`).test(source);
    return (
      !source.includes(name) && !paths.some((path) => path.endsWith(name)) && !existsSync(join(ROOT, name))
    );
  });
  expect(missing).toEqual([]);
});

test("docs/delivery.md names tests that exist", () => {
  const page = readFileSync(join(ROOT, "docs/delivery.md"), "utf8");
  const rows = [...page.matchAll(/^\|.*\| ([^|]*) \|$/gm)].filter(
    ([line]) => !/^\| (what happens|---)/.test(line),
  );
  const names = rows.flatMap(([line, cell = ""]) => {
    const found = [...cell.matchAll(/`([a-z/-]+)`/g)].map(([, name = ""]) => name);
    expect(found, line).not.toEqual([]);
    return found;
  });
  expect(names.length).toBeGreaterThan(20);
  for (const name of new Set(names)) {
    const path = join(ROOT, "test", name);
    expect(
      existsSync(path) || existsSync(`${path}.test.ts`) || existsSync(`${path}.long.test.ts`),
      name,
    ).toBe(true);
  }
});

test("CONTRIBUTING.md says how many seeds of the simulation the test commands run", () => {
  const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
  const [, all] = /SIMULATION_SEEDS \?\?= "(\d+)"/.exec(read("vitest.config.ts")) ?? [];
  const [, simulation] = /SIMULATION_SEEDS=(\d+)/.exec(read("package.json")) ?? [];
  const few = Object.values(SEEDS_OF_NPM_TEST);
  expect(read("CONTRIBUTING.md")).toContain(
    `\`npm test\` runs ${Math.min(...few)} to ${Math.max(...few)} seeds of each scenario, \`npm run test:all\` ${all}, \`npm run test:simulation\` ${simulation}.`,
  );
});

test("README.md: the quick start has at most 8 lines", () => {
  const [worker, main] = snippetsOf("README.md").filter(({ language }) => language === "js");
  expect(`${worker?.code}${main?.code}`.trim().split("\n").length).toBeLessThanOrEqual(8);
});

test("README.md has at most 1,200 words", () => {
  const words = readFileSync(join(ROOT, "README.md"), "utf8").split(/\s+/).filter(Boolean);
  expect(words.length).toBeLessThanOrEqual(1200);
});
