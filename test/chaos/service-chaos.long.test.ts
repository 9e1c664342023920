// A service whose workers and brokers are killed, stopped and replaced at random, with real processes. Each request ends once;
// a request that is not idempotent runs once at the most; a client gets the reply to its own request.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { RoleProcess } from "../support/processes.ts";
import { type EchoReply, type EchoRequest, makeClient } from "../support/service-roles.ts";
import { isFull, pick } from "./chaos-run.ts";

const REQUESTS = isFull ? 20_000 : 1500;
const TIMEOUT = isFull ? 240_000 : 60_000;

/** How often each request was begun, by the files of all workers. */
function beginnings(folder: string): Map<number, number> {
  const times = new Map<number, number>();
  for (const file of readdirSync(folder)) {
    for (const line of readFileSync(join(folder, file), "utf8").trim().split("\n")) {
      const [, n] = /^begin (\d+)$/.exec(line) ?? [];
      if (n !== undefined) times.set(Number(n), (times.get(Number(n)) ?? 0) + 1);
    }
  }
  return times;
}

test("Requests to a service whose roles are killed and stopped end once, and run twice only where they may", {
  timeout: TIMEOUT,
}, async () => {
  const endpoints = await serviceEndpoints("tcp");
  const folder = tempFolder();
  const workers: RoleProcess[] = [];
  const hire = () => {
    const log = join(folder, String(workers.length));
    const worker = new RoleProcess({ role: "serviceworker", endpoints, concurrency: 4, log });
    workers.push(worker);
    return worker;
  };
  let broker = new RoleProcess({ role: "service", endpoints });
  await Promise.all([1, 2, 3, 4].map(() => hire().printed("working")));
  await using client = makeClient(endpoints, { timeout: 60_000 });

  const requests = Array.from({ length: REQUESTS }, (_, n): EchoRequest => ({ n, wait: 20 }));
  const mayRepeat = (n: number) => n % 2 === 0;
  const outcomes: PromiseSettledResult<EchoReply>[] = [];
  let left = 0;
  let answered = 0;
  const lane = async () => {
    for (let request = requests[left++]; request !== undefined; request = requests[left++]) {
      const [outcome] = await Promise.allSettled([
        client.request(request, { idempotent: mayRepeat(request.n) }),
      ]);
      expect(outcomes[request.n]).toBeUndefined();
      outcomes[request.n] = outcome;
      answered += 1;
    }
  };
  const asked = Promise.all(Array.from({ length: 32 }, lane));

  const faults = { kills: 0, stops: 0, brokers: 0 };
  for (let round = 1; left < REQUESTS; round++) {
    const victim = pick(workers.filter((worker) => worker.isRunning && worker.hasPrinted("working")));
    if (round % 3 === 0) {
      broker.kill("SIGKILL");
      broker = new RoleProcess({ role: "service", endpoints });
      await broker.printed("started");
      faults.brokers += 1;
    } else if (round % 4 === 0) {
      // The worker's heartbeat is missed after 4 s; then it wakes up with requests that others have by now.
      victim.kill("SIGSTOP");
      setTimeout(() => victim.kill("SIGCONT"), 5000);
      faults.stops += 1;
    } else {
      victim.kill("SIGKILL");
      await hire().printed("working");
      faults.kills += 1;
    }
    // Between two faults there is work.
    const goal = Math.min(answered + REQUESTS / 50, REQUESTS);
    while (answered < goal) await sleep(5);
  }
  await asked;
  broker.kill("SIGTERM");
  await broker.exited;
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map(({ exited }) => exited));

  const begun = beginnings(folder);
  const tally = { replied: 0, lost: 0, unexpected: [] as unknown[], wrong: 0, twice: 0, invented: 0 };
  for (const [n, outcome] of outcomes.entries()) {
    const times = begun.get(n) ?? 0;
    if (!mayRepeat(n) && times > 1) tally.twice += 1;
    if (outcome.status === "rejected") {
      if (outcome.reason.code === "REQUEST_LOST" && !mayRepeat(n)) tally.lost += 1;
      else tally.unexpected.push(outcome.reason);
    } else {
      tally.replied += 1;
      if (outcome.value.n !== n) tally.wrong += 1;
      if (times === 0) tally.invented += 1;
    }
  }
  expect(outcomes.length).toBe(REQUESTS);
  expect(tally).toMatchObject({ unexpected: [], wrong: 0, twice: 0, invented: 0 });
  expect(tally.replied + tally.lost).toBe(REQUESTS);
  expect(faults.kills).toBeGreaterThan(0);
  if (isFull) console.log(faults, tally);
});
