import type { LogFacts, LogLevelName, RoleLog } from "./logger.ts";

/** How many lines may be written at a time, and how many more in each second. */
const BURST = 1000;
const LINES_PER_S = 20;

/**
 * Writes lines that peers cause, as by connecting: not so many that they fill a disk. The first line after some that were left out has their number
 * as `leftOut`. Lines of level `debug` are always written.
 */
export class SparingLog {
  readonly #log: RoleLog;
  #left = BURST;
  #filledAt = performance.now();
  #leftOut = 0;

  constructor(log: RoleLog) {
    this.#log = log;
  }

  write(level: LogLevelName, event: string, facts: LogFacts): void {
    if (level === "debug") return this.#log.write(level, event, facts);
    if (!this.#log.isEnabled(level)) return;
    const now = performance.now();
    this.#left = Math.min(BURST, this.#left + ((now - this.#filledAt) / 1000) * LINES_PER_S);
    this.#filledAt = now;
    if (this.#left < 1) {
      this.#leftOut += 1;
      return;
    }
    this.#left -= 1;
    this.#log.write(level, event, this.#leftOut === 0 ? facts : { ...facts, leftOut: this.#leftOut });
    this.#leftOut = 0;
  }
}
