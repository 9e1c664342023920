import type { Logger } from "@logtape/logtape";
import { indented, visibleBlock, visibleText } from "../structures/visible-text.ts";

/** The names of the library's loggers. Users add their own below these: `zmqpipeline.task.FirstTask`. */
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
 * LogTape's root logger: all copies of LogTape in a process share it under this symbol, and there is none before one of them is used. So nothing of LogTape
 * is loaded for a process that logs nothing.
 */
const ROOT: unique symbol = Symbol.for("logtape.rootLogger");

/** Characters that end a line, control a terminal or turn the order of letters round. */
const CONTROL = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

export type LogLevelName = "debug" | "info" | "warn" | "error";

/** The facts of a log line: ids, counts and endpoints; never a payload. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** The logger of one role. A line has an event in words, then the facts as `key=value`. */
export class RoleLog {
  readonly #role: RoleLoggerName;
  readonly #facts: LogFacts;
  #found: Logger | undefined;

  /** @param facts - Facts of every line: task type, endpoint. */
  constructor(role: RoleLoggerName, facts: LogFacts = {}) {
    this.#role = role;
    this.#facts = { role, ...facts };
  }

  isEnabled(level: LogLevelName): boolean {
    return this.#logger?.isEnabledFor(level === "warn" ? "warning" : level) ?? false;
  }

  /** Writes a warning that must be seen: to the log, or, if no log is configured, as a warning of the process. */
  warn(event: string, facts: LogFacts = {}): void {
    if (this.isEnabled("warn")) return this.write("warn", event, facts);
    process.emitWarning(indented(visibleBlock(event)), { type: "ZmqpipelineWarning" });
  }

  write(level: LogLevelName, event: string, facts: LogFacts = {}): void {
    if (!this.isEnabled(level)) return;
    const all = inOneLine({ ...this.#facts, ...facts });
    const text = Object.keys(all).map((key) => ` ${key}={${key}}`);
    this.template(level, `${literal(event)}${text.join("")}`, all);
  }

  /** Writes a line in LogTape's form: `{name}` stands for a fact. */
  template(level: LogLevelName, template: string, facts: LogFacts): void {
    if (this.isEnabled(level)) this.#logger?.[level](visibleBlock(template), visibleFacts(facts));
  }

  get #logger(): Logger | undefined {
    this.#found ??= (globalThis as { [ROOT]?: Logger })[ROOT]?.getChild(["zmqpipeline", this.#role]);
    return this.#found;
  }
}

/** An event may quote a text of another process, whose braces name no facts. */
function literal(event: string): string {
  return event.replaceAll("{", "{{").replaceAll("}", "}}");
}

/**
 * Facts as every log may show them, whatever formats and writes it: control characters in their texts are visible. Facts are plain data and errors.
 */
function visibleFacts(facts: LogFacts): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [visibleText(key), visibleFact(value)]),
  );
}

function visibleFact(value: unknown): unknown {
  if (typeof value === "string") return visibleText(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return visibleText(`${value.name}: ${value.message}`);
  if (Array.isArray(value)) return value.map(visibleFact);
  return visibleFacts(value as LogFacts);
}

/** Replaces control characters in texts: a peer chooses its name, and must not write lines of its own. */
function inOneLine(facts: LogFacts): Record<string, unknown> {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      typeof value === "string" ? value.replace(CONTROL, escaped) : value,
    ]),
  );
}

/** How many different reasons get a line each within a second. */
const REASONS = 4;

/** Logs an event that may come in floods: a line for each of the first few reasons, then none for a second. A line has the count since the last one. */
export class BoundedLog {
  readonly #log: RoleLog;
  readonly #event: string;
  /** How many events came since the last line. */
  #count = 0;
  #nextAt = 0;
  readonly #said = new Set<unknown>();

  constructor(log: RoleLog, event: string) {
    this.#log = log;
    this.#event = event;
  }

  /** @param times - How many events there were. */
  add(facts: LogFacts, times = 1): void {
    this.#count += times;
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
