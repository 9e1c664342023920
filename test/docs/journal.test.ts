import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../../src/index.ts";
import { ROOT } from "./run-snippets.ts";

interface Row {
  readonly what: string;
  readonly code: string;
  readonly file: string;
}

function rows(): Row[] {
  const lines = readFileSync(join(ROOT, "docs/journal.md"), "utf8").matchAll(
    /^\| (?!what happens|---)(.*) \|$/gm,
  );
  return [...lines].map(([, line = ""]) => {
    const [what = "", , code = "", , file = "", ...more] = line.split(" | ");
    expect(more, what).toEqual([]);
    return { what, code, file: /^`([a-z/-]+)`$/.exec(file)?.[1] ?? `${file} is no file of a test` };
  });
}

/** The titles of the tests in a file. */
function titlesIn(file: string): string[] {
  const [path] = [`${file}.test.ts`, `${file}.long.test.ts`]
    .map((name) => join(ROOT, "test", name))
    .filter((name) => existsSync(name));
  if (path === undefined) return [];
  const titles = readFileSync(path, "utf8").matchAll(
    /\b(?:test|long)(?:\.runIf\(.*?\))?\(\s*"((?:[^"\\]|\\.)+)"/g,
  );
  return [...titles].map(([, title = ""]) => title);
}

test("docs/journal.md has a test for each row, with the row's name, and a row for each test of abuse", () => {
  const all = rows();
  expect(all.length).toBeGreaterThan(35);
  for (const { what, file } of all)
    expect(titlesIn(file), `${file} has no test for this row`).toContain(what);
  for (const file of ["journal/abuse", "journal/machine"])
    expect(titlesIn(file).toSorted()).toEqual(
      all
        .filter((row) => row.file === file)
        .map(({ what }) => what)
        .toSorted(),
    );
});

test("docs/journal.md names codes that exist", () => {
  for (const { what, code } of rows())
    for (const [, name = ""] of code.matchAll(/`(\w+)`/g))
      expect(Object.keys(ERROR_CODES), what).toContain(name);
});
