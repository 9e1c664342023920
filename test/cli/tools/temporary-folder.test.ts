import { mkdirSync } from "node:fs";
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

describe.each([
  ["is missing", missing, "set TMPDIR to a folder that exists"],
  ["is too long for sockets", tooLong, "set TMPDIR to a shorter one"],
])("Where the folder for temporary files %s,", (_what, make, advice) => {
  long("run uses another folder, and doctor says both", async () => {
    const TMPDIR = make();
    const run = await zmqpipeline(["run", ROLES, "-w", "1", "--quiet"], { TMPDIR });
    expect(run).toMatchObject({ code: 0, out: `sum ${SUM}\n` });
    const doctor = await zmqpipeline(["doctor", "--json"], { TMPDIR });
    expect(doctor.code).toBe(1);
    const { checks } = JSON.parse(doctor.out);
    expect(checks).toContainEqual({ name: "folder", ok: false, text: expect.stringContaining(advice) });
    expect(checks).toContainEqual({
      name: "run",
      ok: true,
      text: expect.stringMatching(/^one item went through a worker process/),
    });
  });
});
