import { MAX_PAYLOAD_BYTES } from "../../protocol/limits.ts";
import { type ProgramEnd, ProgramProcess } from "./program-process.ts";

/** How much of a program's output a failure shows, in bytes. */
const TAIL_BYTES = 2000;

/** A program that was started for one item. */
export class ExecutedProgram {
  readonly #process: ProgramProcess;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Whether it wrote more than a result can hold. Then it was killed. */
  isOverLimit = false;

  /** @param input - What it gets on its standard input. */
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    input: string | Uint8Array,
    ended: (end: ProgramEnd) => void,
  ) {
    this.#process = new ProgramProcess(args, environment, { output: (chunk) => this.#take(chunk), ended });
    this.#process.write(input);
    this.#process.endInput();
  }

  /** Resolves when the program has ended. */
  get ended(): Promise<void> {
    return this.#process.ended;
  }

  /** The last lines that it wrote to its standard error. */
  get log(): string {
    return this.#process.log.toString();
  }

  /** The end of its standard output. */
  get tail(): string {
    return Buffer.concat(this.#chunks).subarray(-TAIL_BYTES).toString("utf8");
  }

  /** Its standard output: as text, without the line end at its end; bytes where it is no UTF-8. */
  get result(): string | Uint8Array {
    const bytes = Buffer.concat(this.#chunks);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, "");
    } catch {
      return bytes;
    }
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    this.#process.kill(signal);
  }

  #take(chunk: Buffer): void {
    if (this.isOverLimit) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_PAYLOAD_BYTES) return;
    this.isOverLimit = true;
    this.#chunks = [chunk];
    this.#process.kill("SIGKILL");
  }
}
