import { expect, onTestFinished, test, vi } from "vitest";
import { map } from "zmqpipeline";

const MODULE = new URL("../fixtures/lively-worker.mjs", import.meta.url);

test("A module that loads for longer than the peerTimeout of a minute is waited for, and a warning says so", async () => {
  process.env.LOADING_MS = "75000";
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => {
    delete process.env.LOADING_MS;
    warn.mockRestore();
  });
  const results: unknown[] = [];
  for await (const n of map([1], MODULE, { workers: 1, exportName: "killed" })) results.push(n);
  expect(results).toEqual([1]);
  expect(String(warn.mock.calls[0]?.[0])).toMatch(
    /^Worker 1 is still loading .*lively-worker\.mjs after 60 s$/,
  );
}, 120_000);
