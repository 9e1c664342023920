import { appendFileSync, readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** What a process is like at one moment. */
export interface Sample {
  /** Since the process began, in s. */
  readonly seconds: number;
  /** Resident memory, in bytes. */
  readonly rss: number;
  /** Memory of JavaScript that is in use after a collection of garbage, in bytes: at each {@link LIVE_EVERY}th sample. */
  readonly live?: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  /** Longest time without a turn of the event loop since the last sample, in ms. */
  readonly stallMs: number;
}

const LIVE_EVERY = 10;

/** Appends a sample of this process to a file each second, as a line of JSON. Node's `--expose-gc` is needed for {@link Sample.live}. */
export function sampleSelf(file: string): void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let count = 0;
  setInterval(() => {
    const stallMs = delay.max / 1e6;
    count += 1;
    const isLive = count % LIVE_EVERY === 0 && globalThis.gc !== undefined;
    if (isLive) globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    const descriptors = readdirSync("/proc/self/fd").length;
    const live = isLive ? { live: heapUsed + external } : {};
    const sample: Sample = { seconds: process.uptime(), rss, ...live, descriptors, stallMs };
    appendFileSync(file, `${JSON.stringify(sample)}\n`);
    // The collection of garbage is this function's own stall.
    delay.reset();
  }, 1000).unref();
}
