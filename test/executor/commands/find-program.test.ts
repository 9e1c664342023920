import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { whyUnstartable } from "../../../src/executor/commands/find-program.ts";
import { tempFolder } from "../../support/endpoints.ts";

/** @returns The path of a new file, and why it cannot be started. */
function scriptOf(text: string, mode: number): string | undefined {
  const path = join(tempFolder(), "program");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return whyUnstartable(path);
}

test("whyUnstartable() is content with programs on the PATH, paths, and scripts without a first line that names a program", () => {
  expect(whyUnstartable("sh")).toBeUndefined();
  expect(whyUnstartable("/bin/sh")).toBeUndefined();
  expect(scriptOf("#!/bin/sh\n", 0o755)).toBeUndefined();
  expect(scriptOf("#! /bin/sh -e\n", 0o755)).toBeUndefined();
  expect(scriptOf("echo\n", 0o755)).toBeUndefined();
});

test("whyUnstartable() tells what is wrong: nothing there, a folder, no right, no interpreter, line ends of Windows", () => {
  expect(whyUnstartable("no-such-program")).toBe(
    "there is no such program; name one on the PATH, or its path",
  );
  expect(whyUnstartable("package.json")).toContain("write ./package.json");
  expect(whyUnstartable("/no/such/program")).toContain("there is no such program");
  const folder = join(tempFolder(), "folder");
  mkdirSync(folder);
  expect(whyUnstartable(folder)).toBe("it is a folder");
  expect(scriptOf("#!/bin/sh\n", 0o644)).toContain("chmod +x");
  expect(scriptOf("#!/no/such/shell -e\n", 0o755)).toBe(
    'its first line names "/no/such/shell", and there is no such program',
  );
  expect(scriptOf("#!/bin/sh\r\n", 0o755)).toContain("line ends of Unix");
});
