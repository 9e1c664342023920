import type { RunProgress } from "../distributor/run-summary.ts";
import { Rates, taskLine, truncate } from "./progress-text.ts";

/** How often a terminal is redrawn, in ms. */
const DRAW_MS = 200;

/** Where there is no terminal: how often rates are updated, in ms, and after how many updates plain lines are written. */
const LOOK_MS = 1000;
const LOOKS = 5;

/** A stream to draw on, such as `process.stderr`. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Shows the progress of a run: lines that are redrawn on a terminal, plain lines every few seconds elsewhere. Other lines go above them. */
export class ProgressView {
  readonly #screen: Screen;
  readonly #progress: () => RunProgress;
  readonly #isLive: boolean;
  readonly #rates = new Rates();
  readonly #timer: NodeJS.Timeout;
  /** How many lines of progress are on the terminal now. */
  #drawn = 0;
  #looks = 0;
  #isOver = false;

  constructor(screen: Screen, progress: () => RunProgress, env: NodeJS.ProcessEnv = process.env) {
    this.#screen = screen;
    this.#progress = progress;
    this.#isLive = screen.isTTY === true && (env.CI ?? "") === "" && env.TERM !== "dumb";
    this.#rates.update(progress(), performance.now());
    this.#timer = setInterval(() => this.#tick(), this.#isLive ? DRAW_MS : LOOK_MS).unref();
  }

  /** Writes a line above the progress. */
  line(text: string): void {
    this.#erase();
    this.#screen.write(`${text}\n`);
    if (this.#isLive) this.#draw();
  }

  /** Draws the last state, which stays, and ends. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#erase();
    for (const line of this.#lines()) this.#screen.write(`${line}\n`);
  }

  /** Ends without drawing the last state. */
  drop(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#erase();
  }

  #tick(): void {
    if (!this.#isLive) {
      const lines = this.#lines();
      this.#looks += 1;
      if (this.#looks % LOOKS === 0) for (const line of lines) this.#screen.write(`${line}\n`);
      return;
    }
    this.#erase();
    this.#draw();
  }

  #draw(): void {
    const columns = Math.max(20, this.#screen.columns ?? 80);
    const lines = this.#lines().map((line) => truncate(line, columns));
    for (const line of lines) this.#screen.write(`${line}\n`);
    this.#drawn = lines.length;
  }

  #erase(): void {
    // Moves up to the first line, and clears everything below. The terminal may show a ^C before the cursor, so start at column 1.
    if (this.#drawn > 0) this.#screen.write(`\r\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }

  #lines(): string[] {
    const progress = this.#progress();
    const rates = this.#rates.update(progress, performance.now());
    const names = Object.keys(progress.tasks);
    const width = Math.max(0, ...names.map((name) => name.length));
    return Object.entries(progress.tasks).map(([name, task]) =>
      taskLine(name, task, rates.get(name) ?? 0, width),
    );
  }
}
