import type { Screen } from "./screen.ts";
import { shownLines } from "./shown-line.ts";

/** Switch a terminal to its alternate screen and hide the cursor; and back. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";

/** Move to the upper left; clear the rest of a line; clear the screen below. */
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[0J";

/** A whole terminal, which is drawn again and again. */
export class FullScreen {
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
    screen.write(ENTER);
  }

  /** Draws lines from the top. Those that have no room are counted. @param footer - The last line. */
  draw(lines: readonly string[], footer: string): void {
    const all = shownLines(lines, this.#screen).split("\n").slice(0, -1);
    const room = Math.max(1, (this.#screen.rows ?? 24) - 2);
    const shown = all.length <= room ? all : [...all.slice(0, room - 1), `… ${all.length - room + 1} more`];
    const text = [...shown, "", footer].map((line) => line + REST_OF_LINE).join("\n");
    this.#screen.write(HOME + text + REST_OF_SCREEN);
  }

  /** Gives the terminal back as it was. */
  leave(): void {
    this.#screen.write(LEAVE);
  }
}
