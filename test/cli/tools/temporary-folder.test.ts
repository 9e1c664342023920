import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { ROLES, SUM } from "../../support/cli-fixtures.ts";
import { zmqpipeline } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";
import { long } from "../../support/long.ts";

const missing = () => join(tempFolder(), "missing");
function tooLong(): string {
  const path = join(tempFolder(), "x".repeat(60), "y".repeat(60));
  mkdirSync(path, { recursive: true });
  return path;
}

function file(): string {
  const path = join(tempFolder(), "file");
  writeFileSync(path, "");
  return path;
}

describe.each([
  ["is missing", missing, /because TMPDIR cannot be used: ENOENT.*set TMPDIR to a folder that exists/],
  ["is no folder", file, /because TMPDIR cannot be used: ENOTDIR/],
  ["is too long for sockets", tooLong, /because TMPDIR cannot be used: .* is too long a path for sockets/],
])("Where the folder for temporary files %s,", (_what, make, reason) => {
  long("run uses another folder, and doctor says which, and why", async () => {
    const TMPDIR = make();
    const run = await zmqpipeline(["run", ROLES, "-w", "1", "--quiet"], { TMPDIR });
    expect(run).toMatchObject({ code: 0, out: `sum ${SUM}\n` });
    const doctor = await zmqpipeline(["doctor", "--json"], { TMPDIR });
    expect(doctor.code).toBe(0);
    const { checks } = JSON.parse(doctor.out);
    expect(checks).toContainEqual({ name: "folder", ok: true, text: expect.stringMatching(reason) });
    expect(checks).toContainEqual({
      name: "run",
      ok: true,
      text: expect.stringMatching(/^one item went through a worker process/),
    });
  });
});
