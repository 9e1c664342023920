import type { RunProgress, TaskProgress } from "../distributor/run-summary.ts";
import { chosenTasks, MOST_TASKS, moreTasks } from "./chosen-tasks.ts";
import { type Paint, paintFor } from "./colours.ts";
import { oldestLine, oldestOf } from "./oldest-line.ts";
import type { Screen } from "./screen.ts";
import { SharedTerminal } from "./shared-terminal.ts";
import { printedLine, shownLine, shownLines } from "./shown-line.ts";
import { nameWidthOf, taskLine } from "./task-line.ts";
import { truncated, widthOf } from "./text-width.ts";

/** How often a terminal is redrawn, in ms. */
const DRAW_MS = 200;

/** How soon the progress is drawn again below what others have written, in ms. */
const REDRAW_MS = 30;

/** How often plain lines are written where there is no terminal, in ms. */
const WRITE_MS = 5000;

/** An item that has been with its worker for longer than this, in ms, is named. */
const OLD_MS = 1000;

const LEAST_WIDTH = 20;

/** Shows the progress of a run: lines that are redrawn on a terminal, plain lines every few seconds elsewhere. Other lines go above them. */
export class ProgressView {
  readonly #screen: Screen;
  readonly #progress: () => RunProgress;
  readonly #isLive: boolean;
  readonly #paint: Paint;
  readonly #timer: NodeJS.Timeout;
  readonly #shared: SharedTerminal;
  /** The lines of progress that are on the terminal now. */
  #drawn: readonly string[] = [];
  /** Whether an item was ever named as the oldest: its line then stays, so that the view does not jump. */
  #namesOldest = false;
  #isOver = false;
  #redraw: NodeJS.Timeout | undefined;

  /** @param streams - The streams of the process, which may be the same terminal: what others write to them goes above the progress. */
  constructor(
    screen: Screen,
    progress: () => RunProgress,
    env: NodeJS.ProcessEnv = process.env,
    streams: readonly Screen[] = [],
  ) {
    this.#screen = screen;
    this.#progress = progress;
    this.#isLive = isLive(screen, env);
    this.#paint = paintFor(screen, env);
    this.#shared = new SharedTerminal(this.#isLive ? streams : [], () => this.#makeRoom());
    this.#timer = setInterval(() => this.#tick(), this.#isLive ? DRAW_MS : WRITE_MS).unref();
  }

  /** Writes a line above the progress: a long one is broken between words on a terminal. */
  line(text: string): void {
    this.#above(shownLines([text], this.#screen));
  }

  /** Writes a line that somebody else has printed, such as a worker, above the progress. */
  printed(line: string): void {
    this.#above(printedLine(line, this.#screen));
  }

  #above(text: string): void {
    const above = this.#shared.isMidLine ? "\n" : this.#erasing();
    this.#drawn = [];
    this.#shared.isMidLine = false;
    this.#write(`${above}${text}`);
    if (this.#isLive && !this.#isOver) this.#draw();
  }

  /** Removes the progress, so that something else can be written. It is drawn again soon. */
  erase(): void {
    const text = this.#erasing();
    this.#drawn = [];
    if (text !== "") this.#write(text);
  }

  /** Removes the progress for what somebody else writes. It is drawn again when that has been written. */
  #makeRoom(): void {
    this.erase();
    this.#redraw ??= setTimeout(() => {
      this.#redraw = undefined;
      if (!this.#isOver) this.#draw();
    }, REDRAW_MS).unref();
  }

  /** Draws the last state, which stays, and ends. */
  end(): void {
    if (this.#isOver) return;
    this.#finish();
    const width = this.#isLive ? this.#width : Number.POSITIVE_INFINITY;
    const text = textOf(this.#taskLines(width));
    if (text !== "") this.#write(this.#shared.isMidLine ? `\n${text}` : text);
  }

  /** Ends without drawing the last state. */
  drop(): void {
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    clearTimeout(this.#redraw);
    this.erase();
    this.#shared.release();
  }

  #tick(): void {
    if (this.#isLive) return this.#draw();
    const text = textOf(this.#lines(Number.POSITIVE_INFINITY));
    if (text !== "") this.#write(text);
  }

  #draw(): void {
    if (this.#shared.isMidLine) return; // the rest of the line will follow
    const lines = this.#lines(this.#width);
    // One write, so that the terminal shows no state between two.
    this.#write(`${this.#erasing()}${textOf(lines)}`);
    this.#drawn = lines;
  }

  #write(text: string): void {
    this.#shared.own(() => this.#screen.write(text));
  }

  /** A pseudo-terminal that nobody has given a size has 0 columns. */
  get #columns(): number {
    return this.#screen.columns || 80;
  }

  /** One column stays free: some terminals begin a new row behind the last one. */
  get #width(): number {
    return Math.max(LEAST_WIDTH, this.#columns) - 1;
  }

  /** Moves up to the first line, and clears everything below. */
  #erasing(): string {
    // A terminal that has become narrower shows a line in several rows.
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / this.#columns)),
      0,
    );
    // The terminal may show a ^C before the cursor, so start at column 1.
    return rows === 0 ? "" : `\r\u001b[${rows}A\u001b[0J`;
  }

  #lines(width: number): string[] {
    const lines = this.#taskLines(width);
    const oldest = oldestOf(this.#progress());
    if (oldest === undefined) return lines;
    this.#namesOldest ||= oldest.age >= OLD_MS;
    if (!this.#namesOldest) return lines;
    return [...lines, this.#paint("dim", truncated(oldestLine(oldest), width))];
  }

  #taskLines(width: number): string[] {
    const progress = this.#progress();
    const { shown, rest } = this.#chosen(Object.entries(progress.tasks));
    const names = shown.map(([name]) => name);
    const layout = {
      nameWidth: nameWidthOf(names, width),
      width,
      hasBar: this.#isLive,
      paint: this.#paint,
    };
    const lines = shown.map(([name, task]) => taskLine(name, task, layout));
    return rest.length === 0 ? lines : [...lines, this.#paint("dim", moreTasks(rest.length))];
  }

  /** The tasks that have room: those that failed or work come first. The cursor cannot move up to a line that has left the screen. */
  #chosen(tasks: [string, TaskProgress][]) {
    const isOnScreen = this.#isLive && !this.#isOver;
    const room = isOnScreen ? Math.max(1, (this.#screen.rows ?? 24) - 4) : MOST_TASKS;
    return chosenTasks(tasks, ([, task]) => rankOf(task), room);
  }
}

/** Lines that fit the terminal, as it may get them. */
function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${shownLine(line)}\n`).join("");
}

/** What needs attention comes first: failures, then work, then what waits, then what is done. */
function rankOf({ phase, failed }: TaskProgress): number {
  const isAtWork = phase === "open" || phase === "exhausted";
  if (failed > 0) return isAtWork ? 0 : 1;
  if (isAtWork) return 2;
  return phase === "stopped" ? 3 : phase === "blocked" ? 4 : 5;
}

/** Whether lines can be redrawn on a stream: it is a terminal, and not the log of a continuous integration. */
function isLive({ isTTY }: Pick<Screen, "isTTY">, env: NodeJS.ProcessEnv): boolean {
  return isTTY === true && (env.CI ?? "") === "" && env.TERM !== "dumb";
}
