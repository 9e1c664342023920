import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../testing/simulator/random.ts";
import type { ChaosFaults, ChaosOptions } from "./chaos-options.ts";
import { workersBelow } from "./child-processes.ts";
import { COLLECTED_LOG } from "./collected-log.ts";
import { type LifeEnd, RunLife, signal } from "./run-life.ts";

/** Longest stop of a worker, in ms: long enough for its items to go to others. */
const STOP_MS = 3000;

/** The lives of one run, and the faults that end or disturb them. */
export class Campaign {
  readonly faults: ChaosFaults = { killedWorkers: 0, stoppedWorkers: 0, killedRuns: 0 };
  /** The file with what the collectors were called for. */
  readonly log: string;
  /** Why the campaign was given up. */
  problem: string | undefined;
  readonly #args: readonly string[];
  readonly #options: ChaosOptions;
  readonly #random: Random;
  readonly #stopped = new Map<number, NodeJS.Timeout>();
  #life: RunLife;

  /** Starts the run. @param folder - For the journal and the log. */
  constructor(file: string, folder: string, options: ChaosOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.log = join(folder, "collected");
    const workers = options.workers === undefined ? [] : ["--workers", String(options.workers)];
    this.#args = ["run", file, "--journal", join(folder, "journal"), "--json", "--quiet", ...workers];
    this.#life = this.#start();
  }

  /** Waits for the end of the run's last life. */
  async run(): Promise<LifeEnd> {
    const { timeout: timeoutMs, faults, every: everyMs } = this.#options;
    const deadline = setTimeout(
      () => this.abort(`it had not ended within ${timeoutMs} ms (--timeout)`),
      timeoutMs,
    );
    try {
      for (let left = faults; left > 0; ) {
        const pause = new AbortController();
        const { signal } = pause;
        const pauseMs = this.#random.between(0.2, 1.8) * everyMs;
        await Promise.race([this.#life.ended, sleep(pauseMs, undefined, { signal }).catch(() => undefined)]);
        pause.abort();
        if (this.#life.isOver || this.problem !== undefined) break;
        if (await this.#inject()) left -= 1;
      }
      return await this.#life.ended;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Ends all processes. */
  abort(reason: string): void {
    for (const timer of this.#stopped.values()) clearTimeout(timer);
    this.#stopped.clear();
    if (this.#life.isOver) return;
    this.problem ??= reason;
    this.#life.kill();
  }

  #start(): RunLife {
    return new RunLife(this.#args, { [COLLECTED_LOG]: this.log });
  }

  /** @returns Whether there was something that the fault could happen to. */
  async #inject(): Promise<boolean> {
    const [kind, which] = [this.#random.next(), this.#random.next()];
    const stopMs = this.#random.between(200, STOP_MS);
    if (kind < 0.25 && this.#options.workersOnly !== true) return await this.#killRun();
    const workers = (await workersBelow(this.#life.pid)).filter((pid) => !this.#stopped.has(pid));
    const worker = workers[Math.floor(which * workers.length)];
    if (worker === undefined || this.#life.isOver) return false;
    if (!signal(worker, kind < 0.7 ? "SIGKILL" : "SIGSTOP")) return false;
    if (kind < 0.7) {
      this.faults.killedWorkers += 1;
      return true;
    }
    this.faults.stoppedWorkers += 1;
    const goOn = () => {
      this.#stopped.delete(worker);
      signal(worker, "SIGCONT");
    };
    this.#stopped.set(worker, setTimeout(goOn, stopMs));
    return true;
  }

  async #killRun(): Promise<boolean> {
    this.#life.kill();
    const { code } = await this.#life.ended;
    if (code !== null || this.problem !== undefined) return false; // it had ended by itself
    this.faults.killedRuns += 1;
    this.#life = this.#start();
    return true;
  }
}
