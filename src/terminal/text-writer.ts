import type { RunProgress } from "../distributor/run-summary.ts";
import { type Paint, paintFor } from "./colours.ts";
import { FullScreen } from "./full-screen.ts";
import { ProgressView } from "./progress-view.ts";
import type { Screen } from "./screen.ts";
import { printedLine, shownLines } from "./shown-line.ts";
import { textWidth } from "./wrapped.ts";

/**
 * Writes text for people to a stream. There is no other way for such text: so nothing of another process reaches a terminal as it is, whichever part
 * of a line it is.
 */
export class TextWriter {
  /** What lines may be painted with. */
  readonly paint: Paint;
  readonly #screen: Screen;
  readonly #env: NodeJS.ProcessEnv;

  /** @param env - Says whether lines are coloured and redrawn, as for {@link paintFor} and {@link ProgressView}. */
  constructor(screen: Screen, env: NodeJS.ProcessEnv = process.env) {
    this.#screen = screen;
    this.#env = env;
    this.paint = paintFor(screen, env);
  }

  get isTerminal(): boolean {
    return this.#screen.isTTY === true;
  }

  /** How many columns a line may take; `Infinity` where there is no terminal. */
  get width(): number {
    return textWidth(this.#screen);
  }

  /** Writes a line. A line feed in it begins no line of its own. */
  line(text: string): void {
    this.lines([text]);
  }

  /** Writes a line that somebody else has printed, such as a worker. */
  printed(line: string): void {
    this.#screen.write(printedLine(line, this.#screen));
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#screen.write(shownLines(lines, this.#screen));
  }

  /** Shows the progress of a run on the stream. @param streams - What others write to these goes above the progress. */
  progress(read: () => RunProgress, streams: readonly Screen[]): ProgressView {
    return new ProgressView(this.#screen, read, this.#env, streams);
  }

  /** Takes the whole terminal. */
  fullScreen(): FullScreen {
    return new FullScreen(this.#screen);
  }
}
