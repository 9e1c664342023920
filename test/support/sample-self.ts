import { appendFileSync, readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { getHeapCodeStatistics } from "node:v8";

/** What a process is like at one moment. */
export interface Sample {
  /** Since the process began, in s. */
  readonly seconds: number;
  /** Resident memory, in bytes. */
  readonly rss: number;
  /**
   * Memory of JavaScript that is in use, in bytes: after a collection of garbage and while nothing is in flight. Items in flight are between 5
   * and 25 MiB of a distributor, as many as the machine's other load lets the windows be, which hides a leak and looks like one. Compiled code
   * does not count: V8 compiles and improves functions for an hour, 4 kB for each worker that is killed in the first minutes.
   */
  readonly live?: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  /** Longest time without a turn of the event loop since the last sample, in ms. */
  readonly stallMs: number;
}

/** How a process comes to rest for a moment. */
export interface Rest {
  /** Whether nothing is in flight. */
  isAtRest(): boolean;
  /** Begins no more work, or goes on. */
  pause?(isPaused: boolean): void;
}

/** All processes of a machine come to rest at the same time: when the clock shows a multiple of this, in ms. */
const REST_EVERY_MS = 15_000;

/** How long the process that pauses does so at least and at most, in ms: the others see that nothing comes, and a worker that was killed is missed. */
const PAUSE_MS = 2000;
const MAX_PAUSE_MS = 8000;

/** How long a process without a pause of its own has had no work when it is at rest, in ms. */
const QUIET_MS = 300;

/** Notes when a process last had work. */
export class Activity implements Rest {
  #lastAt = 0;

  note(): void {
    this.#lastAt = performance.now();
  }

  isAtRest(): boolean {
    return performance.now() - this.#lastAt > QUIET_MS;
  }
}

/** Appends a sample of this process to a file each second, as a line of JSON. Node's `--expose-gc` is needed for {@link Sample.live}. */
export function sampleSelf(file: string, rest: Rest): void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const append = (live?: number): void => {
    const sample: Sample = {
      seconds: process.uptime(),
      rss: process.memoryUsage.rss(),
      ...(live === undefined ? {} : { live }),
      descriptors: readdirSync("/proc/self/fd").length,
      stallMs: delay.max / 1e6,
    };
    appendFileSync(file, `${JSON.stringify(sample)}\n`);
    delay.reset();
  };
  setInterval(() => append(), 1000).unref();
  if (globalThis.gc === undefined) return;
  void restAgainAndAgain(rest, async () => {
    // The collection of garbage is this function's own stall.
    delay.disable();
    const live = await liveBytes();
    delay.enable();
    append(live);
  });
}

async function restAgainAndAgain(rest: Rest, measure: () => Promise<void>): Promise<never> {
  for (;;) {
    await sleep(REST_EVERY_MS - (Date.now() % REST_EVERY_MS), undefined, { ref: false });
    await atRest(rest, measure);
  }
}

/** Calls `measure` when the process is at rest, unless that takes too long. */
async function atRest(rest: Rest, measure: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  const untilMs = (ms: number) =>
    sleep(Math.max(0, begun + ms - performance.now()), undefined, { ref: false });
  rest.pause?.(true);
  // Acknowledgements of what was in flight a moment ago may still be on their way.
  await untilMs(PAUSE_MS / 2);
  while (!rest.isAtRest() && performance.now() - begun < MAX_PAUSE_MS)
    await sleep(20, undefined, { ref: false });
  if (rest.isAtRest()) await measure();
  await untilMs(PAUSE_MS);
  rest.pause?.(false);
}

/** Twice: buffers that come from ZeroMQ are given back in a turn of the event loop after their objects were collected. */
async function liveBytes(): Promise<number> {
  for (let time = 0; time < 2; time += 1) {
    globalThis.gc?.();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  const { code_and_metadata_size: code, bytecode_and_metadata_size: bytecode } = getHeapCodeStatistics();
  return heapUsed + external - code - bytecode;
}
