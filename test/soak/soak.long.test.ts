import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { Inspector } from "../../src/index.ts";
import { freshEndpoints, serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { limited, RoleProcess } from "../support/processes.ts";
import { figuresOf, keepFigures, MINUTES, mib, restsOf } from "./figures.ts";
import { laterThirds, restsIn, samplesIn, trendOf } from "./trend.ts";

const isSoak = MINUTES > 0;
const LONG_MS = (isSoak ? MINUTES : 0.5) * 60_000;

/** How much memory or descriptors may rise for each hour, in a run that is long enough for such a line. */
const MOST_RISE_PERCENT = 5;
const MINUTES_FOR_A_LINE = 20;

/** How much more memory there may be after workers or clients have come and gone for minutes. */
const MOST_MORE = 1.05;

const KB = 1000;
const ENDLESS = 1_000_000_000;
const options = { timeout: LONG_MS + 300_000 };

const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)] as T;

/** Repeats an action until the time is over. */
async function during(ms: number, everyMs: () => number, action: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    await sleep(Math.min(everyMs(), end - performance.now()));
    await action();
  }
}

/** Keeps the figures of a part, and prints them. */
function show(part: string, figures: object): void {
  console.log(part, JSON.stringify(figures));
  keepFigures(part, figures);
}

/** @throws when a line through the last two thirds rises. */
function expectFlat(name: string, file: string): void {
  if (MINUTES < MINUTES_FOR_A_LINE) return;
  const { live, rss, descriptors } = trendOf(samplesIn(file));
  expect(live.percentPerHour, `${name}: live memory`).toBeLessThan(MOST_RISE_PERCENT);
  expect(rss.percentPerHour, `${name}: resident memory`).toBeLessThan(MOST_RISE_PERCENT);
  expect(descriptors.percentPerHour, `${name}: descriptors`).toBeLessThan(MOST_RISE_PERCENT);
}

/** For minutes in which peers come and go. @throws when there is more memory in the last third than in the second. */
function expectLevel(name: string, file: string): void {
  if (!isSoak) return;
  const [before, after] = laterThirds(samplesIn(file));
  expect(after.live, `${name}: live memory`).toBeLessThan(before.live * MOST_MORE);
  expect(after.rss, `${name}: resident memory`).toBeLessThan(before.rss * MOST_MORE);
}

const trendAndRests = (file: string) => ({
  ...figuresOf(trendOf(samplesIn(file))),
  rests: restsOf(samplesIn(file)),
});

describe("Over time, memory and descriptors of the roles stay flat", () => {
  test(
    "with items of 1 kB without end, workers that are killed and stopped, and a reader of the status",
    options,
    async () => {
      const endpoints = await freshEndpoints("tcp");
      const folder = tempFolder();
      const collector = new RoleProcess({
        role: "collector",
        endpoints,
        forgets: true,
        sample: join(folder, "collector"),
      });
      const distributor = new RoleProcess({
        role: "distributor",
        endpoints,
        items: ENDLESS,
        itemBytes: KB,
        sample: join(folder, "distributor"),
      });
      const start = (sample?: string) =>
        new RoleProcess({
          role: "worker",
          endpoints,
          wait: 1,
          concurrency: 4,
          payloadBytes: KB,
          ...(sample === undefined ? {} : { sample }),
        });
      const stayer = start(join(folder, "worker"));
      let others = [start(), start(), start()];
      let kills = 0;
      let stops = 0;
      await stayer.printed("working");
      const inspector = new Inspector(address(endpoints.task), { timeout: 30_000 });
      onTestFinished(() => inspector.close());
      let reports = 0;
      const reading = during(
        LONG_MS,
        () => 1000,
        async () => {
          await inspector.status();
          reports += 1;
        },
      );
      await during(
        LONG_MS,
        () => 1000 + Math.random() * 4000,
        async () => {
          const victim = pick(others);
          if (Math.random() < 0.5) {
            kills += 1;
            victim.kill("SIGKILL");
            others = [...others.filter((worker) => worker !== victim), start()];
          } else {
            stops += 1;
            victim.kill("SIGSTOP");
            await sleep(Math.random() * 3000);
            victim.kill("SIGCONT");
          }
        },
      );
      await reading;
      for (const role of [collector, distributor, stayer]) expect(role.isRunning).toBe(true);
      const names = ["collector", "distributor", "worker"];
      const roles = Object.fromEntries(names.map((name) => [name, trendAndRests(join(folder, name))]));
      const report = await inspector.status();
      const items = report.kind === "run" ? report.progress.tasks.numbers?.acked : undefined;
      show("items without end", {
        minutes: LONG_MS / 60_000,
        items,
        kills,
        stops,
        reports,
        roles,
      });
      for (const name of names) expectFlat(name, join(folder, name));
    },
  );

  test("of a distributor, while workers join and leave, 300 at a time", options, async () => {
    const endpoints = await freshEndpoints("tcp");
    const sample = join(tempFolder(), "distributor");
    const [processes, count] = isSoak ? [6, 50] : [3, 10];
    new RoleProcess({ role: "collector", endpoints, forgets: true });
    const distributor = new RoleProcess({ role: "distributor", endpoints, items: ENDLESS, sample });
    const start = () => new RoleProcess({ role: "workers", endpoints, count, wait: 200 });
    const crowd = Array.from({ length: processes }, start);
    let changes = 0;
    await during(
      LONG_MS / 3,
      () => 3000,
      async () => {
        const leaver = crowd.shift() as RoleProcess;
        leaver.kill(changes++ % 2 === 0 ? "SIGTERM" : "SIGKILL");
        await leaver.exited;
        crowd.push(start());
      },
    );
    expect(distributor.isRunning).toBe(true);
    const figures = { minutes: LONG_MS / 180_000, workers: processes * count, left: changes * count };
    show("workers join and leave", { ...figures, distributor: trendAndRests(sample) });
    expectLevel("distributor", sample);
  });

  test("of a distributor, whose workers are killed a hundred times in a row", options, async () => {
    const endpoints = await freshEndpoints("tcp");
    const sample = join(tempFolder(), "distributor");
    new RoleProcess({ role: "collector", endpoints, forgets: true });
    const distributor = new RoleProcess({
      role: "distributor",
      endpoints,
      items: ENDLESS,
      itemBytes: KB,
      sample,
    });
    const start = () => new RoleProcess({ role: "worker", endpoints, wait: 1, payloadBytes: KB });
    const kills = isSoak ? 100 : 20;
    let worker = start();
    const after: { kills: number; liveMiB: number; rssMiB: number }[] = [];
    for (let time = 1; time <= kills; time++) {
      await worker.printed("working");
      worker.kill("SIGKILL");
      await worker.exited;
      worker = start();
      if (time % 10 !== 0) continue;
      await worker.printed("working");
      const seen = restsIn(sample).length;
      await expect.poll(() => restsIn(sample).length, { timeout: 60_000 }).toBeGreaterThan(seen);
      const { live = Number.NaN, rss = Number.NaN } = restsIn(sample).at(-1) ?? {};
      after.push({ kills: time, liveMiB: mib(live), rssMiB: mib(rss) });
    }
    expect(distributor.isRunning).toBe(true);
    show("workers killed in a row", { after });
    // What a worker holds, its report and what libzmq has for a connection come to far more than this in 90 lives, if they stay.
    expect(after.at(-1)?.liveMiB).toBeLessThan((after[0]?.liveMiB ?? 0) * MOST_MORE);
  });

  test("of a service with 1,000 clients", options, async () => {
    const endpoints = await serviceEndpoints("tcp");
    const sample = join(tempFolder(), "service");
    const [processes, clients] = isSoak ? [8, 125] : [2, 50];
    // A connection takes a descriptor, a client five.
    const manyDescriptors = limited("-Sn hard");
    const service = new RoleProcess({ role: "service", endpoints, sample }, manyDescriptors);
    new RoleProcess({ role: "serviceworker", endpoints, concurrency: 10 });
    const forMs = LONG_MS / 3;
    const crowd = Array.from(
      { length: processes },
      () => new RoleProcess({ role: "serviceclient", endpoints, clients, forMs }, manyDescriptors),
    );
    const answers = await Promise.all(
      crowd.map((askers) => askers.outcome<{ readonly least: number; readonly total: number }>()),
    );
    expect(service.isRunning).toBe(true);
    for (const { least } of answers) expect(least).toBeGreaterThan(0);
    const answered = answers.reduce((sum, { total }) => sum + total, 0);
    const figures = { minutes: forMs / 60_000, clients: processes * clients, answered };
    show("clients of a service", { ...figures, service: trendAndRests(sample) });
    expectLevel("service", sample);
  });
});
