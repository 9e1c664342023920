import { test } from "vitest";
import { long } from "../support/long.ts";
import { commandRun, expectNoOrphan, mapProgram } from "../support/orphans.ts";

test("A worker that computes ends with the program that maps", async () => {
  const args = mapProgram("stuck-worker.mjs", '{ exportName: "announced" }');
  await expectNoOrphan(args, (program) => program.kill("SIGKILL"));
});

long("A worker whose module never ends loading ends with its program", async () => {
  await expectNoOrphan(mapProgram("stuck-import.mjs", "{}"), (program) => program.kill("SIGKILL"));
});

long("A worker that computes ends with the command that has launched itself through tsx", async () => {
  await expectNoOrphan(commandRun("stuck-pipeline-typed.ts"), (command) => command.kill("SIGKILL"));
});
