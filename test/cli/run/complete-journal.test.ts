import { statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ROLES } from "../../support/cli-fixtures.ts";
import { zmqpipeline } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";
import { long } from "../../support/long.ts";

long(
  "The command run says that a journal's run is complete, since when, and how to begin anew, also with --quiet",
  async () => {
    const journal = join(tempFolder(), "run.journal");
    await zmqpipeline(["run", ROLES, "-w", "1", "-j", journal, "--quiet"], { UNLUCKY: "50" });
    const { mtime } = statSync(journal);
    const since = mtime.toISOString().replace(/\.\d+Z$/, "Z");

    const quiet = await zmqpipeline(["run", ROLES, "-w", "1", "-j", journal, "--quiet"]);
    expect(quiet.err).toContain(`in journal ${JSON.stringify(journal)} is complete since ${since}`);
    expect(quiet.err).toContain(
      "To begin anew, delete the file or name another one, or execute its 4 failed items again with --retry-failed",
    );
    expect(quiet.code).toBe(3);

    // The time is that of the first run, however often the complete run is started.
    const third = await zmqpipeline(["run", ROLES, "-w", "1", "-j", journal]);
    expect(third.out).toContain(`was already complete at ${mtime.toISOString()}`);
    expect(third.out).toContain("--retry-failed to execute failed items once more");
  },
);
