import { expect, test } from "vitest";
import { detailLines } from "../../../src/cli/inspect/report-text.ts";
import type { RunReport } from "../../../src/index.ts";
import type { ServiceReport } from "../../../src/service/service-report.ts";
import { plain } from "../../../src/terminal/colours.ts";

const layout = { width: 80, hasBars: false, paint: plain };
const base = { schema: 1, pid: 1, host: "host", uptime: 1000, runId: "run", workers: [] } as const;
const run: RunReport = {
  ...base,
  kind: "run",
  phase: "running",
  collectorMissing: undefined,
  progress: { tasks: {}, waitsFor: [], duration: 1 } as unknown as RunReport["progress"],
};
const service: ServiceReport = {
  ...base,
  kind: "service",
  status: { clients: 0, types: {} } as unknown as ServiceReport["status"],
};

test.each([
  ["a run, of no workers", { ...run }, undefined],
  ["a run, of workers", { ...run, moreWorkers: 9000 }, "and 9,000 more workers"],
  ["a service, of task types", { ...service, moreTypes: 1 }, "and 1 more task type"],
  [
    "a service, of both",
    { ...service, moreWorkers: 1, moreTypes: 2 },
    "and 1 more worker and 2 more task types",
  ],
])("The tables of a report end with what it leaves out: of %s", (_what, report, last) => {
  const line = detailLines(report, layout).at(-1);
  if (last === undefined) expect(line ?? "").not.toContain("more");
  else expect(line).toBe(last);
});
