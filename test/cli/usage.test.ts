import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../src/cli/program.ts";
import { capturedOutput } from "../support/captured-output.ts";
import { LIBRARY } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";

/** Runs the command in this process. */
async function command(...args: readonly string[]) {
  const { output, out, err } = capturedOutput();
  const code = await runCommand(args, output);
  return { code, out: out(), err: err() };
}

function fileWith(content: string): string {
  const file = join(tempFolder(), "f.mjs");
  writeFileSync(file, content);
  return file;
}

const ECHO = "export default (input) => input;";
const OPTIONS = (more: string) =>
  `export default { tasks: [{ taskType: "t", items: [] }], workers: { module: import.meta.url }, collector: () => {}, ${more} };`;
const ROLES = `
  import { Collector, EndpointAddress, Pipeline, Service, ServiceWorker, TaskType } from ${JSON.stringify(LIBRARY)};
  const E = new EndpointAddress("inproc://usage");
  export class First extends Collector { endpoint = E; ackEndpoint = E; handleCollection() {} }
  export class Second extends First {}
  export class Answers extends ServiceWorker { taskType = TaskType.register("t"); endpoint = E; handleMessage() {} }
`;

describe("The command refuses, with exit code 2 and without a stack,", () => {
  test.each([
    ["run", OPTIONS("retryFaild: true"), [], 'Pipeline has no option "retryFaild"'],
    ["run", OPTIONS("maxFailure: 2"), [], 'did you mean "maxFailures"?'],
    ["run", OPTIONS("delay: 2"), [], "nothing is delayed or scheduled here"],
    ["run", "export default { tasks: [], worker: {}, collector() {} };", [], 'did you mean "workers"?'],
    ["run", "export default { tasks: [], collector() {} };", [], "A Pipeline needs at least one task"],
    ["run", OPTIONS(""), ["--retry-failed"], "--retry-failed needs --journal FILE"],
    ["run", OPTIONS(""), ["--incremental"], "--incremental needs --journal FILE"],
    ["run", OPTIONS(""), ["--worker", "2"], "Did you mean --workers?"],
    ["run", OPTIONS(""), ["--stop-timeout", "soon"], "It must be a time"],
    ["map", ECHO, ["--retry-failed"], "--retry-failed needs --journal FILE"],
    ["map", ECHO, ["--retry-failed", "--dry-run"], "--retry-failed needs --journal FILE"],
    ["map", ECHO, ["--incremental"], "--incremental needs --journal FILE"],
    ["map", ECHO, ["--key", "id"], "--key needs --journal FILE"],
    ["map", ECHO, ["--delimiter", ";"], "--delimiter belongs to --csv"],
    ["map", ECHO, ["--threads", "2", "--concurrency", "2"], "--threads and --concurrency exclude each other"],
    ["map", ECHO, ["--lines", "--csv"], "Inputs come from one source"],
    ["collector", ROLES, ["--export", "Thrid"], 'no collector class named "Thrid"; did you mean "Third"?'],
    ["collector", ROLES, [], "name one with --export"],
    ["collector", ROLES, ["--export", "Answers"], "it has First, Second"],
    ["worker", ROLES, ["--collector", "tcp://localhost:5558"], "--collector is for workers of a run"],
    [
      "worker",
      ROLES,
      ["--count", "2", "--collector", "tcp://localhost:5558"],
      "--collector is for workers of a run",
    ],
    ["distributor", ROLES, ["--connect", "tcp://x:1"], "unknown option '--connect'"],
  ])("%s %s with %o", async (name, content, args, message) => {
    const source = message.includes("Third") ? `${content} export class Third extends First {}` : content;
    const { code, out, err } = await command(name, fileWith(source), ...args);
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  const program = ["--command", "cat"];
  test.each<[readonly string[], string]>([
    [[...program], "need --task NAME"],
    [[...program, "--task", "a", "--connect", "tcp://localhost:1"], "--collector ENDPOINT"],
    [[...program, "--task", "a", "--timeout", "1s"], "the timeout of their task"],
    [[...program, "--pool", "--service"], "--pool and --service exclude each other"],
    [[...program, "--service"], "--service needs --connect ENDPOINT"],
    [
      [...program, "--service", "--connect", "tcp://localhost:1", "--collector", "tcp://localhost:2"],
      "--service and --collector",
    ],
    [[...program, "--pool", "--connect", "tcp://localhost:1", "--task", "a"], "--pool and --task"],
    [["roles.mjs", "--service"], "--service and --task are for --command and --exec"],
    [["roles.mjs", "--pool", "--task", "a"], "--service and --task are for --command and --exec"],
  ])("worker %j", async (args, message) => {
    const given = args.map((arg) => (arg === "roles.mjs" ? fileWith(ROLES) : arg));
    const { code, out, err } = await command("worker", ...given);
    expect(err).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  test("status --json --prometheus", async () => {
    const { code, err } = await command("status", "tcp://localhost:1", "--json", "--prometheus");
    expect(err).toContain("exclude each other");
    expect(code).toBe(2);
  });
});
