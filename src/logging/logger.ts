import { getLogger as getLogTapeLogger, type Logger } from "@logtape/logtape";

/** The names of our own loggers. Users put theirs below: `zmqpipeline.task.FirstTask`. */
export type RoleLoggerName =
  | "distributor"
  | "task"
  | "worker"
  | "collector"
  | "metadataworker"
  | "service"
  | "serviceworker"
  | "serviceclient";

/**
 * The logger of a dotted name, silent until logging is configured.
 *
 * @param name - Names below `zmqpipeline` inherit what is configured for their ancestors.
 * @returns A LogTape logger; names become its category, one element for each part.
 *
 * @example
 * ```ts
 * const log = getLogger("zmqpipeline.task.FirstTask");
 * log.info("{count} items to do", { count: 100 });
 * ```
 */
export function getLogger(name: string): Logger {
  return getLogTapeLogger(name.split("."));
}

export type LogLevelName = "debug" | "info" | "warn" | "error";

/** Facts of a log line: ids, counts and endpoints; never a payload. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** The logger of one role: an event in words, then the facts as `key=value`. */
export class RoleLog {
  readonly #logger: Logger;
  readonly #facts: LogFacts;

  /** @param facts - Go on every line: task type, endpoint. */
  constructor(role: RoleLoggerName, facts: LogFacts = {}) {
    this.#logger = getLogger(`zmqpipeline.${role}`);
    this.#facts = { role, ...facts };
  }

  /** Something that must be seen: a warning in the log, or, where nobody has configured one, a warning of the process. */
  warn(event: string, facts: LogFacts = {}): void {
    if (this.#logger.isEnabledFor("warning")) return this.write("warn", event, facts);
    process.emitWarning(event, { type: "ZmqpipelineWarning" });
  }

  write(level: LogLevelName, event: string, facts: LogFacts = {}): void {
    if (!this.#logger.isEnabledFor(level === "warn" ? "warning" : level)) return;
    const all = { ...this.#facts, ...facts };
    const text = Object.keys(all).map((key) => ` ${key}={${key}}`);
    this.#logger[level](`${event}${text.join("")}`, all);
  }
}

/** Different reasons of which one line each is written in a second. */
const REASONS = 4;

/** Logs what comes in floods at a bounded rate: a few reasons at once, then again after a second, with the count. */
export class BoundedLog {
  readonly #log: RoleLog;
  readonly #event: string;
  /** How many came since the last line. */
  #count = 0;
  #nextAt = 0;
  readonly #said = new Set<unknown>();

  constructor(log: RoleLog, event: string) {
    this.#log = log;
    this.#event = event;
  }

  add(facts: LogFacts): void {
    this.#count += 1;
    const now = performance.now();
    if (now >= this.#nextAt) {
      this.#said.clear();
      this.#nextAt = now + 1000;
    }
    if (this.#said.has(facts.reason) || this.#said.size >= REASONS) return;
    this.#said.add(facts.reason);
    this.#log.write("warn", this.#event, { ...facts, count: this.#count });
    this.#count = 0;
  }
}
