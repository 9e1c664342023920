import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import type { Failure } from "../../collector/failure.ts";
import type { ThrownError } from "../../protocol/error-info.ts";
import { jsonText } from "../../protocol/json-values.ts";
import { cutText, describeThrown } from "../../protocol/thrown.ts";
import { linesOf } from "../../sinks/file-lines.ts";
import { withoutColours } from "../../structures/visible-text.ts";
import { counted } from "../../terminal/quantities.ts";
import { FileError } from "../file-error.ts";
import type { NumberedInput } from "./input-task.ts";

/** Longest error that is told in a line of its own, in UTF-16 units. */
const MAX_MESSAGE = 500;

export interface FailureReportOptions {
  /** Whether the file's lines are kept, because a journal's run goes on. */
  readonly isContinued: boolean;
  /** Writes a line for the user. */
  readonly line: (text: string) => void;
}

/** The id at the end of a line, and the generation if it is not the first. */
const ID_AT_END = /"id":"((?:[^"\\]|\\.)*)"(?:,"generation":(\d+))?\}$/;

/** Inputs that failed cannot be kept. */
export class FailuresLost extends Error {}

/** Keeps the inputs that failed for good in a file. */
export class FailureReport {
  readonly #path: string | undefined;
  readonly #file: number | undefined;
  readonly #options: FailureReportOptions;
  #count = 0;
  /** The failures in the file, by {@link nameOf}: the journal may not have heard of the last ones before a crash. */
  #known: Set<string> | undefined;
  #problem: FailuresLost | undefined;

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
      this.#file = options.isContinued ? openSync(path, "a+") : openAnew(path);
    } catch (error) {
      throw new FileError(`--failed ${path} cannot be opened: ${describeThrown(error)}`);
    }
  }

  /** Why failures could not be written, once that has ended the run. */
  get problem(): FailuresLost | undefined {
    return this.#problem;
  }

  /** @throws FailuresLost when the file cannot be written. */
  add({ id, data: { index, value: input }, error, attempts, generation }: Failure<NumberedInput>): void {
    this.#count += 1;
    if (this.#file === undefined) return;
    const again = generation === 0 ? {} : { generation };
    const text = `${jsonText({ index, input, error, attempts, id, ...again })}\n`;
    const line = Buffer.from(text);
    try {
      if (this.#knownOf(this.#file).has(nameOf(id, generation))) return;
      for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
      if (this.#options.isContinued) this.#known?.add(nameOf(id, generation));
    } catch (error) {
      this.#count -= 1;
      this.#problem = new FailuresLost(`--failed ${this.#path} cannot be written: ${describeThrown(error)}`);
      throw this.#problem;
    }
  }

  /** Closes the file, and tells how many inputs failed. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    if (this.#count === 0) return;
    const where = this.#path === undefined ? "" : `; they are in ${this.#path}`;
    this.#options.line(`zmqpipeline: ${counted(this.#count, "input")} failed${where}`);
  }

  /** Reads what an earlier life of the run has written, and cuts off what a crash left unfinished. The journal is locked by now. */
  #knownOf(file: number): Set<string> {
    if (this.#known !== undefined) return this.#known;
    const known = new Set<string>();
    this.#known = known;
    if (!this.#options.isContinued || !fstatSync(file).isFile()) return known;
    const end = linesOf(file, (line) => {
      const [, id, generation = 0] = ID_AT_END.exec(line) ?? [];
      if (id !== undefined) known.add(nameOf(JSON.parse(`"${id}"`) as string, Number(generation)));
    });
    if (end < fstatSync(file).size) ftruncateSync(file, end);
    return known;
  }
}

/** Opens an empty file. Who reads the file that was there, as in `jq .input failed.ndjson | zmqpipeline map …`, keeps it. */
function openAnew(path: string): number {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) rmSync(realpathSync(path));
  } catch {
    // The folder may not be written: then the file is emptied.
  }
  return openSync(path, "w");
}

/** What an input is called: `input 1` is the first. */
export function labelOf(index: number): string {
  return `input ${index + 1}`;
}

/** `input 1 failed: RangeError: too small` */
export function failedText(label: string, { name, message }: Pick<ThrownError, "name" | "message">): string {
  return `${label} failed: ${cutText(withoutColours(`${name}: ${message}`), MAX_MESSAGE)}`;
}

function nameOf(id: string, generation: number): string {
  return `${id} ${generation}`;
}
