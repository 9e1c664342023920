import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SECURITY = readFileSync(`${root}SECURITY.md`, "utf8");
const LIMITS = readFileSync(`${root}docs/security.md`, "utf8");

/** The tests that a sentence names. */
const testsOf = (text: string) => [...text.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, path]) => path as string);

const exists = (path: string) => existsSync(`${root}${path}`) || existsSync(`${root}${path}.test.ts`);

/** The entries of the list behind a line. */
function bulletsAfter(text: string, line: string): string[] {
  const list = text.slice(text.indexOf(line) + line.length).split("\n\n")[1] ?? "";
  return list.split(/^- /m).slice(1);
}

/** The rows of the first table behind a heading. */
function rowsAfter(text: string, heading: string): string[] {
  const lines = text.slice(text.indexOf(`\n## ${heading}\n`)).split("\n");
  return lines.filter((line) => line.startsWith("| ")).slice(2);
}

const cannot = bulletsAfter(SECURITY, "It **cannot**");
const limits = rowsAfter(LIMITS.slice(0, LIMITS.indexOf("\n## Text from peers")), "Limits");

describe("Every promise names a test that tries to break it:", () => {
  test("there are promises", () => {
    expect(cannot.length).toBeGreaterThan(9);
    expect(limits.length).toBeGreaterThan(15);
  });

  test.each(cannot.map((text) => [text.split("\n")[0], text]))(
    "SECURITY.md, a worker cannot %s",
    (_first, text) => {
      expect(testsOf(text)).not.toEqual([]);
      expect(testsOf(text).filter((path) => !exists(path))).toEqual([]);
    },
  );

  test.each(limits.map((row) => [row.split("|")[1]?.trim(), row]))("docs/security.md, %s", (_first, row) => {
    expect(testsOf(row)).not.toEqual([]);
    expect(testsOf(row).filter((path) => !exists(path))).toEqual([]);
  });

  test("what a client and a stranger cannot do, too", () => {
    for (const sentence of ["can do nothing else", "A client can send requests"]) {
      const from = SECURITY.indexOf(sentence);
      const paths = testsOf(SECURITY.slice(from, SECURITY.indexOf("\n\n", from)));
      expect(paths).not.toEqual([]);
      expect(paths.filter((path) => !exists(path))).toEqual([]);
    }
  });
});

test("SECURITY.md names the packages that are needed at run time", () => {
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const from = SECURITY.indexOf("At run time: ");
  const named = SECURITY.slice(from, SECURITY.indexOf(". None", from)).matchAll(/`([^`]+)`/g);
  expect([...named].map(([, name]) => name).sort()).toEqual(Object.keys(dependencies).sort());
});
