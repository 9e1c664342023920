import { expect, onTestFinished, test } from "vitest";
import { standardOutput } from "../../src/cli/standard-output.ts";
import { NO_PACE } from "../support/no-pace.ts";

/** A stream of a terminal, which keeps what is written to it. */
function stream(written: string[]) {
  return {
    isTTY: true,
    columns: 80,
    rows: 24,
    on: () => {},
    write: (text: string) => {
      written.push(text.replaceAll("\u001b[", "<"));
      return true;
    },
  };
}

test("Results of a command on the terminal of its progress stand above it, and are never erased", () => {
  const written: string[] = [];
  const output = standardOutput(stream(written) as never, stream(written) as never, {});
  const task = {
    items: 3,
    acked: 1,
    failed: 0,
    retried: 0,
    skipped: 0,
    phase: "open",
    total: 3,
    waitsFor: [],
  } as const;
  const progress = { ...task, inFlight: 1, workers: 1, oldest: undefined, pace: NO_PACE };
  const view = output.err.progress(() => ({ workers: 1, tasks: { square: progress } }), [output.screen]);
  onTestFinished(() => view.drop());
  view.line("a warning");
  expect(written.at(-1)).toMatch(/square/);
  output.data('{"square":4}\n');
  expect(written.slice(-2)).toEqual(["\r<1A<0J", '{"square":4}\n']);
  view.line("another warning");
  output.text.line("a summary");
  expect(written.slice(-2)).toEqual(["\r<1A<0J", "a summary\n"]);
});
