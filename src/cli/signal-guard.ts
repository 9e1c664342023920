import type { ChildProcess } from "node:child_process";
import { MAX_TIMER_MS } from "../executor/settles-within.ts";
import { SignalEcho } from "../role/signal-echo.ts";
import { duration } from "../terminal/quantities.ts";
import { ARE_YOU_THERE, type ToGuard } from "./guarded-process.ts";
import { endedText, type InterruptSignal, SIGNAL_CODES } from "./interrupts.ts";
import { STOP_TIMEOUT_MS } from "./stop-timeout.ts";

/** How long the process may take to answer, in ms. */
const HEARING_MS = 500;

/** How much longer than its time to stop the process may take before it is asked whether it still hears, in ms; and between two questions. */
const GRACE_MS = 500;

/** Passes signals to a process, and kills it when user code that blocks it keeps it from hearing them. */
export class SignalGuard {
  readonly #child: ChildProcess;
  readonly #line: (text: string) => void;
  #stopTimeoutMs: number | null = STOP_TIMEOUT_MS;
  #signal: InterruptSignal | undefined;
  #advice: string | undefined;
  readonly #echo = new SignalEcho();
  #hasHeard = false;
  #hasKilled = false;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #pass = (signal: NodeJS.Signals) => this.#heard(signal as InterruptSignal);

  /** @param line - Writes a line for the user. */
  constructor(child: ChildProcess, line: (text: string) => void) {
    this.#child = child;
    this.#line = line;
    child.on("message", (message: ToGuard) => {
      if (message.zmqpipeline === "heard") this.#hasHeard = true;
      else if (message.zmqpipeline === "advice") this.#advice = message.text;
      else this.#stopTimeoutMs = message.ms;
    });
    process.on("SIGINT", this.#pass).on("SIGTERM", this.#pass);
  }

  /** The exit code when the process had to be killed; `undefined` when it ended by itself. */
  get code(): number | undefined {
    return this.#hasKilled && this.#signal !== undefined ? SIGNAL_CODES[this.#signal] : undefined;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    process.off("SIGINT", this.#pass).off("SIGTERM", this.#pass);
  }

  #heard(signal: InterruptSignal): void {
    if (this.#echo.isEcho()) return;
    const isSecond = this.#signal !== undefined;
    this.#signal = signal;
    // A terminal sends Ctrl-C to both processes, `kill` to this one alone. The child takes two signals at once for one. On Windows the signal
    // would end the child.
    if (process.platform !== "win32" || signal !== "SIGINT") this.#child.kill(signal);
    if (isSecond) return this.#after(HEARING_MS, () => this.#kill());
    this.#after(HEARING_MS, () => {
      if (!this.#hasHeard) this.#line(this.#deafText(signal));
    });
    if (this.#stopTimeoutMs !== null) this.#after(this.#stopTimeoutMs + GRACE_MS, () => this.#ask());
  }

  #deafText(signal: InterruptSignal): string {
    const ms = this.#stopTimeoutMs;
    const deadline = ms === null ? "" : ` (without one, what still runs after ${duration(ms)} is cut off)`;
    return `${signal}: the process is blocked, by a handler or a hook that does not return; a second signal ends it at once${deadline}`;
  }

  /** Asks whether the process still hears: it may have hooks of the user's to run. If it does not, it is killed. */
  #ask(): void {
    this.#hasHeard = false;
    if (this.#child.connected) this.#child.send(ARE_YOU_THERE, () => {}); // it may have ended
    this.#after(HEARING_MS, () => {
      if (this.#hasHeard) this.#after(GRACE_MS, () => this.#ask());
      else this.#kill();
    });
  }

  #kill(): void {
    if (this.#hasKilled || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#hasKilled = true;
    if (this.#signal !== undefined) this.#line(endedText(this.#signal, this.#advice));
    this.#child.kill("SIGKILL");
  }

  #after(ms: number, action: () => void): void {
    if (ms > MAX_TIMER_MS) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }
}
