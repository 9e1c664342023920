import { foreignOption } from "./foreign-options.ts";
import { suggestion } from "./nearest-name.ts";

/**
 * Refuses what TypeScript would refuse in a literal: options that are no object, and unknown options. A misspelled option would otherwise be
 * ignored silently.
 *
 * @param what - The class or function that takes the options, as the user writes it: `Distributor`, `map()`.
 * @param known - The names of all its options.
 * @throws TypeError that names the unknown option, and the option that was most likely meant.
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
  // For example an endpoint, which the original Python library takes by position; or a bare AbortSignal.
  if (isStrange)
    throw new TypeError(`${what} takes an object with ${known.join(", ")}, not ${describeKind(options)}`);
  if (unknown === undefined) return;
  const hint = foreignOption(unknown, known) ?? suggestion(unknown, known);
  throw new TypeError(`${what} has no option ${JSON.stringify(unknown)}; ${hint}`);
}

/**
 * The names of all options of an interface.
 *
 * @param names - Each name, so that the compiler reports a forgotten one.
 */
export function optionNames<Options>(names: Readonly<Record<keyof Options, true>>): readonly string[] {
  return Object.keys(names);
}

/**
 * Refuses surplus arguments. JavaScript would ignore them, so that `request(data, type)`, as in other libraries, would lose the type.
 *
 * @param what - The function, as the user calls it: `new Distributor(options)`.
 * @param given - All arguments that were given.
 * @param most - How many arguments the function takes.
 * @throws TypeError when there are more.
 */
export function assertArgumentCount(what: string, given: readonly unknown[], most: number): void {
  if (given.length > most)
    throw new TypeError(
      `${what} takes ${most} ${most === 1 ? "argument" : "arguments"}, not ${given.length}`,
    );
}

/** The type of a value, for the text of an error. The value itself may be large, secret or hostile. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  return isInstance(value) ? `an instance of ${value.constructor.name}` : "an object";
}

/** Whether an object was made by a class. */
function isInstance(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return false;
  return typeof value.constructor === "function" && value.constructor.name !== "Object";
}
