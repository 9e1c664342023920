import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { judge, verdictLines } from "../../../src/cli/chaos/chaos-verdict.ts";
import { readCollected } from "../../../src/cli/chaos/collected-items.ts";
import { tempFolder } from "../../support/endpoints.ts";

const FAULTS = { killedWorkers: 1, stoppedWorkers: 0, killedRuns: 1 };

const summary = (counts: object, status = "complete") => ({
  code: 0,
  err: "",
  out: `${JSON.stringify({ status, tasks: { a: { items: 2, acked: 2, failed: 0, ...counts } } })}\n`,
});

/** What the lines of a log say. A line: the event, the process, the item and its result's hash. */
function collected(...lines: readonly (readonly [string, number, string, string])[]) {
  const path = join(tempFolder(), "log");
  writeFileSync(path, `${lines.map((line) => `${JSON.stringify(line)}\n`).join("")}["got",1,"a/`);
  return readCollected(path);
}

const BOTH = [
  ["got", 1, "a/0", "x"],
  ["got", 1, "a/1", "x"],
] as const;

describe("The verdict of chaos", () => {
  test("is good when every item was collected once", () => {
    const verdict = judge(summary({}), collected(...BOTH), FAULTS, undefined);
    expect(verdict).toMatchObject({ ok: true, exitCode: 0, collected: 2, again: [], changed: [] });
    expect(verdictLines(verdict, 7).join("\n")).toContain(
      "every item was collected once: 2 collected, 0 failed\nseed 7:",
    );
  });

  test("names items that a later process handled again, and whose result was another one", () => {
    const items = collected(...BOTH, ["got", 2, "a/1", "y"]);
    const verdict = judge(summary({}), items, FAULTS, undefined);
    expect(verdict).toMatchObject({ ok: true, again: ["a/1"], changed: ["a/1"] });
    expect(verdictLines(verdict, 7).join("\n")).toContain("not deterministic: a/1");
  });

  test("has exit code 3 when items failed", () => {
    const verdict = judge(summary({ acked: 1, failed: 1 }), collected(...BOTH), FAULTS, undefined);
    expect(verdict).toMatchObject({ ok: true, exitCode: 3 });
  });

  test.each([
    ["the collector was called for 1", summary({}), [BOTH[0]], FAULTS, undefined],
    ["one process collected 1 item twice: a/1", summary({}), [...BOTH, BOTH[1]], FAULTS, undefined],
    ["2 items were given, and 1 are", summary({ acked: 1 }), [BOTH[0]], FAULTS, undefined],
    ["the run is stopped", summary({}, "stopped"), [...BOTH], FAULTS, undefined],
    ["without a summary", { code: 1, out: "", err: "" }, [], FAULTS, undefined],
    ["it was interrupted", summary({}), [...BOTH], FAULTS, "it was interrupted"],
    [
      "no fault happened",
      summary({}),
      [...BOTH],
      { killedWorkers: 0, stoppedWorkers: 0, killedRuns: 0 },
      undefined,
    ],
  ])("is bad when %s", (problem, end, lines, faults, givenUp) => {
    const verdict = judge(end, collected(...lines), faults, givenUp);
    expect(verdict).toMatchObject({ ok: false, exitCode: 1 });
    expect(verdictLines(verdict, 1).join("\n")).toContain(problem);
  });
});
