import type { Screen } from "./screen.ts";

type Write = Screen["write"];

/**
 * Watches what the rest of the program writes to the terminal, so that lines that are redrawn make room for it. A stream that is no terminal is
 * left alone.
 */
export class SharedTerminal {
  readonly #before: () => void;
  readonly #restore: (() => void)[] = [];
  #isOwn = false;
  /** Whether the program has written a part of a line, whose rest will follow. */
  isMidLine = false;

  /** @param before - Called before something is written: removes the lines that are redrawn. */
  constructor(streams: readonly Screen[], before: () => void) {
    this.#before = before;
    for (const stream of streams) if (stream.isTTY === true) this.#watch(stream);
  }

  /** Writes to a watched stream without being watched. */
  own(write: () => void): void {
    this.#isOwn = true;
    try {
      write();
    } finally {
      this.#isOwn = false;
    }
  }

  /** Leaves the streams as they were. */
  release(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #watch(stream: Screen): void {
    const original: Write = stream.write;
    const had = Object.hasOwn(stream, "write");
    const watched = (...args: Parameters<Write>): unknown => {
      if (!this.#isOwn) {
        this.#before();
        this.isMidLine = !endsLine(args[0]);
      }
      return original.apply(stream, args);
    };
    stream.write = watched;
    this.#restore.push(() => {
      if (stream.write !== watched) return; // somebody else has replaced it since
      if (had) stream.write = original;
      else Reflect.deleteProperty(stream, "write");
    });
  }
}

/** @param chunk - What a stream takes: a text or bytes. */
function endsLine(chunk: unknown): boolean {
  if (typeof chunk === "string") return chunk === "" || chunk.endsWith("\n");
  return !(chunk instanceof Uint8Array) || chunk.length === 0 || chunk.at(-1) === 0x0a;
}
