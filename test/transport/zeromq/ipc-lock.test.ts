import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bindIpcPath } from "../../../src/transport/zeromq/ipc-path.ts";
import { tempFolder } from "../../support/endpoints.ts";

test("The lock of an ipc path is taken over from a process that was killed before it wrote its id", async () => {
  const path = join(tempFolder(), "s.ipc");
  const lock = `${path}.lock`;
  writeFileSync(lock, "");
  const before = new Date(Date.now() - 60_000);
  utimesSync(lock, before, before);
  let isBound = false;
  await bindIpcPath(path, () => {
    isBound = true;
  });
  expect(isBound).toBe(true);
  expect(existsSync(lock)).toBe(false);
});
