import { describe, test } from "vitest";
import { commandRun, expectNoOrphan, mapProgram, programsProgram } from "../support/orphans.ts";

describe("A worker that computes ends with its parent:", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} of a program that maps`, async () => {
      const args = mapProgram("stuck-worker.mjs", '{ exportName: "announced" }');
      await expectNoOrphan(args, (program) => program.kill(signal));
    });
  }

  test("SIGKILL of the command", async () => {
    await expectNoOrphan(commandRun("stuck-pipeline.mjs"), (command) => command.kill("SIGKILL"));
  });

  test("the second Ctrl-C of the command", async () => {
    await expectNoOrphan(commandRun("stuck-pipeline.mjs"), (command) => {
      command.stderr?.on("data", (text) => {
        // Sooner, it would count as an echo of the first.
        if (String(text).includes("a second signal ends it")) setTimeout(() => command.kill("SIGINT"), 300);
      });
      command.kill("SIGINT");
    });
  });

  test.each(["command", "exec"] as const)(
    "SIGKILL of a program that maps over programs (%s)",
    async (kind) => {
      await expectNoOrphan(programsProgram(kind), (program) => program.kill("SIGKILL"));
    },
  );
});
