import { toModuleUrl } from "../executor/threads/threaded-class.ts";
import { describeKind } from "../role/known-options.ts";

/** @throws TypeError when an option is given and is no function. */
export function assertFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function")
    throw new TypeError(`${name} must be a function, not ${describeKind(value)}`);
}

/** @throws TypeError when an option is given and is no name. */
export function assertName(name: string, value: unknown): void {
  if (value !== undefined && (typeof value !== "string" || value === ""))
    throw new TypeError(
      `${name} must be a name, not ${value === "" ? "an empty string" : describeKind(value)}`,
    );
}

/** @throws TypeError when a signal is given and is no AbortSignal. A signal of another realm is accepted. */
export function assertSignal(signal: unknown): void {
  if (signal === undefined) return;
  const isSignal =
    typeof signal === "object" &&
    signal !== null &&
    "aborted" in signal &&
    "addEventListener" in signal &&
    typeof signal.addEventListener === "function";
  if (!isSignal) throw new TypeError(`signal must be an AbortSignal, not ${describeKind(signal)}`);
}

/**
 * Checks the file that workers import.
 *
 * @param what - The function that takes it, as the user writes it.
 * @param usage - How the function is called.
 * @throws TypeError when it is neither a URL nor a path.
 */
export function assertFile(what: string, usage: string, file: unknown): void {
  if (toModuleUrl(file) !== undefined) return;
  const given = file === "" ? "an empty string" : describeKind(file);
  const hint =
    typeof file === "function"
      ? '; other processes cannot run a function of this one: let a file of its own export it, and give new URL("./file.js", import.meta.url)'
      : file === "" || file === undefined || typeof file === "object"
        ? `; it is called as ${usage}`
        : "";
  throw new TypeError(`The file of ${what} must be a URL or a path, not ${given}${hint}`);
}

/** @param where - The options' name in errors, such as `workers`. @throws TypeError when both are given, because one would be ignored. */
export function assertThreadsOrConcurrency(where: string, threads: number, concurrency: number): void {
  if (threads > 0 && concurrency > 1)
    throw new TypeError(
      `${where} has threads and concurrency: a thread executes one input at a time, so give more threads, or concurrency without threads`,
    );
}
