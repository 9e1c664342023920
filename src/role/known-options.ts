import { suggestion } from "./nearest-name.ts";

/**
 * Refuses what TypeScript would refuse in a literal: options that are no object, and options that do not exist. A misspelled option would
 * otherwise be ignored without a word.
 *
 * @param what - The class or function that is given the options, as its user writes it: `Distributor`, `map()`.
 * @param known - The names of all its options.
 * @throws TypeError that names the option and the one that was most likely meant.
 *
 * @example
 * ```ts
 * assertKnownOptions("map()", { worker: 2 }, ["workers", "threads"]);
 * // TypeError: map() has no option "worker"; did you mean "workers"?
 * ```
 */
export function assertKnownOptions(
  what: string,
  options: unknown,
  known: readonly string[],
): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new TypeError(`${what} takes an object of options, not ${describeKind(options)}`);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  const isStrange = isInstance(options) && !known.some((name) => name in options);
  // An endpoint or a task type, say, given where the original Python library takes it by its position; or a bare signal.
  if (isStrange)
    throw new TypeError(`${what} takes an object with ${known.join(", ")}, not ${describeKind(options)}`);
  if (unknown === undefined) return;
  throw new TypeError(`${what} has no option ${JSON.stringify(unknown)}; ${suggestion(unknown, known)}`);
}

/**
 * The names of all options of an interface.
 *
 * @param names - Each of them, so that the compiler tells when one is forgotten.
 */
export function optionNames<Options>(names: Readonly<Record<keyof Options, true>>): readonly string[] {
  return Object.keys(names);
}

/**
 * Refuses arguments after the last one that a function has. JavaScript ignores them, so that `request(data, type)` of another
 * library's users would lose the type.
 *
 * @param what - The function, as its user calls it: `new Distributor(options)`.
 * @param given - All arguments that were given.
 * @param most - How many it takes.
 * @throws TypeError when there are more.
 */
export function assertArgumentCount(what: string, given: readonly unknown[], most: number): void {
  if (given.length > most)
    throw new TypeError(
      `${what} takes ${most} ${most === 1 ? "argument" : "arguments"}, not ${given.length}`,
    );
}

/** What a value is, for the text of an error: never the value itself, which may be large, secret or hostile. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  return isInstance(value) ? `an instance of ${value.constructor.name}` : "an object";
}

/** Whether it was made by a class. */
function isInstance(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return false;
  return typeof value.constructor === "function" && value.constructor.name !== "Object";
}
