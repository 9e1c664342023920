import { closeSync, openSync, writeSync } from "node:fs";
import type { Failure } from "../../collector/failure.ts";
import type { ThrownError } from "../../protocol/error-info.ts";
import { replaceForJson } from "../../protocol/json-values.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import { counted } from "../../terminal/quantities.ts";
import { FileError } from "../file-error.ts";
import type { NumberedInput } from "./input-task.ts";

export interface FailureReportOptions {
  /** Whether the file's lines are kept, because a journal's run goes on. */
  readonly isContinued: boolean;
  /** Writes a line for the user. */
  readonly line: (text: string) => void;
}

/** Keeps the inputs that failed for good in a file. */
export class FailureReport {
  readonly #path: string | undefined;
  readonly #file: number | undefined;
  readonly #options: FailureReportOptions;
  #count = 0;

  /**
   * @param path - The file for failed inputs, a line of JSON each: `{"index":…,"input":…,"error":{…},"attempts":…,"id":…}`,
   *   with the `generation` of an input that had failed for good before.
   * @throws FileError when the file cannot be opened.
   */
  constructor(path: string | undefined, options: FailureReportOptions) {
    this.#path = path;
    this.#options = options;
    if (path === undefined) return;
    try {
      this.#file = openSync(path, options.isContinued ? "a" : "w");
    } catch (error) {
      throw new FileError(`--failed ${path} cannot be opened: ${describeThrown(error)}`);
    }
  }

  /** @throws The file system's error when the file cannot be written. */
  add({ id, data: { index, value: input }, error, attempts, generation }: Failure<NumberedInput>): void {
    this.#count += 1;
    if (this.#file === undefined) return;
    const again = generation === 0 ? {} : { generation };
    const text = `${JSON.stringify({ index, input, error, attempts, id, ...again }, replaceForJson)}\n`;
    const line = Buffer.from(text);
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
  }

  /** Closes the file, and tells how many inputs failed. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    if (this.#count === 0) return;
    const where = this.#path === undefined ? "" : `; they are in ${this.#path}`;
    this.#options.line(`zmqpipeline: ${counted(this.#count, "input")} failed${where}`);
  }
}

/** What an input is called: `input 1` is the first. */
export function labelOf(index: number): string {
  return `input ${index + 1}`;
}

/** `input 1 failed: RangeError: too small` */
export function failedText(label: string, { name, message }: Pick<ThrownError, "name" | "message">): string {
  return `${label} failed: ${name}: ${message}`;
}
