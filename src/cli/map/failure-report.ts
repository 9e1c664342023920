import { closeSync, openSync, writeSync } from "node:fs";
import type { Failure } from "../../collector/failure.ts";
import { replaceForJson } from "../../protocol/json-values.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import { FileError } from "../file-error.ts";
import { count } from "../progress-text.ts";
import type { NumberedInput } from "./input-task.ts";

/** How many failures are told one by one where no file keeps them. */
const MAX_TOLD = 10;

/** Keeps the inputs that failed for good in a file, or tells the first ones. */
export class FailureReport {
  readonly #path: string | undefined;
  readonly #file: number | undefined;
  readonly #line: (text: string) => void;
  #count = 0;

  /**
   * @param path - The file for failed inputs, a line of JSON each: `{"index":…,"input":…,"error":{…},"attempts":…,"id":…}`.
   * @param isContinued - Whether the file's lines are kept, because a journal's run goes on.
   * @throws FileError when the file cannot be opened.
   */
  constructor(path: string | undefined, isContinued: boolean, line: (text: string) => void) {
    this.#path = path;
    this.#line = line;
    if (path === undefined) return;
    try {
      this.#file = openSync(path, isContinued ? "a" : "w");
    } catch (error) {
      throw new FileError(`--failed ${path} cannot be opened: ${describeThrown(error)}`);
    }
  }

  /** @throws The file system's error when the file cannot be written. */
  add({ id, data: { index, value: input }, error, attempts }: Failure<NumberedInput>): void {
    this.#count += 1;
    if (this.#file === undefined) return this.#tell(index, `${error.name}: ${error.message}`);
    const text = `${JSON.stringify({ index, input, error, attempts, id }, replaceForJson)}\n`;
    const line = Buffer.from(text);
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
  }

  /** Closes the file, and tells how many inputs failed. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    if (this.#count === 0) return;
    const where = this.#path === undefined ? "" : `; they are in ${this.#path}`;
    this.#line(`zmqpipeline: ${count(this.#count)} ${this.#count === 1 ? "input" : "inputs"} failed${where}`);
  }

  #tell(index: number, error: string): void {
    if (this.#count <= MAX_TOLD) this.#line(`input ${index + 1} failed: ${error}`);
    else if (this.#count === MAX_TOLD + 1)
      this.#line("more inputs fail: --failed FILE keeps them all, with their errors");
  }
}
