import { describe, expect, onTestFinished, test, vi } from "vitest";
import { outcomeLines, workersText } from "../../../src/cli/run/outcome-text.ts";
import { PeerLines } from "../../../src/cli/run/peer-lines.ts";
import type { RoleCommandName } from "../../../src/cli/run/run-options.ts";
import { RunStatistics } from "../../../src/cli/run/run-statistics.ts";
import type { PeerState } from "../../../src/role/peer-state.ts";
import { plain } from "../../../src/terminal/colours.ts";

const distributor = { peer: "the distributor", address: "tcp://a:1", isListening: false, isPresent: false };
const collector = { peer: "the collector", address: "tcp://b:2", isListening: false, isPresent: false };

function linesOf(read: () => readonly PeerState[], peerTimeoutMs: number | undefined = 60_000): string[] {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  const told: string[] = [];
  const lines = new PeerLines({ name: "worker", read, peerTimeoutMs, line: (text) => told.push(text) });
  onTestFinished(() => {
    lines.close();
    vi.useRealTimers();
  });
  return told;
}

describe("The lines about a role's peers", () => {
  test("say what the role waits for and for how long, again after 10 s, and when the peers are there", () => {
    let peers: PeerState[] = [distributor, collector];
    const told = linesOf(() => peers);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([
      "worker: waiting for the distributor at tcp://a:1 and the collector at tcp://b:2 (for 1 min 0 s at most)",
    ]);
    peers = [{ ...distributor, isPresent: true }, collector];
    vi.advanceTimersByTime(11_000);
    peers = [
      { ...distributor, isPresent: true },
      { ...collector, isPresent: true },
    ];
    vi.advanceTimersByTime(1000);
    expect(told.slice(1)).toEqual([
      "worker: connected to the distributor at tcp://a:1",
      "worker: still waiting for the collector at tcp://b:2, for 10 s now",
      "worker: connected to the collector at tcp://b:2",
    ]);
  });

  test("say nothing of waiting where peers are there at once, nor where they are gone for a moment", () => {
    let peers: PeerState[] = [{ ...distributor, isListening: true, isPresent: true }];
    const told = linesOf(() => peers);
    vi.advanceTimersByTime(1000);
    peers = [{ ...distributor, isListening: true }];
    vi.advanceTimersByTime(500);
    expect(told).toEqual(["worker: the distributor has connected to tcp://a:1"]);
    vi.advanceTimersByTime(1000);
    expect(told.slice(1)).toEqual([
      "worker: the distributor at tcp://a:1 is gone; waiting for it (for 1 min 0 s at most)",
    ]);
  });
});

test("The outcome of each role is told in words", () => {
  const context = { journal: undefined, args: [] };
  const textOf = (name: RoleCommandName, outcome: unknown, isInterrupted = false) =>
    outcomeLines(name, outcome, { context, isInterrupted, statistics: new RunStatistics() }, plain);
  const collected = { status: "complete", collected: 1997, failed: 1, duplicates: 2, refused: 300 };
  expect(textOf("collector", collected)).toEqual([
    "collector ended, run complete: 1,997 results collected, 1 item failed, 2 repeated and dropped, 300 of items that do not exist refused",
  ]);
  expect(textOf("worker", { executed: 5, failed: 0 })).toEqual(["worker ended: 5 executions"]);
  expect(workersText(4, { executed: 1000, failed: 3 })).toBe(
    "4 workers ended: 1,003 executions, 3 of them failed (an item that is executed again counts each time)",
  );
  expect(textOf("metadata", undefined)).toEqual(["metadata delivered"]);
  expect(textOf("metadata", undefined, true)).toEqual(["metadata worker stopped"]);
  const served = { requests: 20, replied: 19, failed: 1, refused: 0, lost: 0, cancelled: 0 };
  expect(textOf("service", served, true)).toEqual(["service ended: 20 requests, 19 replied, 1 failed"]);
});
