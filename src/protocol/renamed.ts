import { atCaller } from "../self/at-caller.ts";

type Names = readonly [wrong: string, right: string];

/**
 * Adds a method under a name of the original Python library, such as `register_type`. Calling it throws an error that tells the name in
 * this library, instead of "is not a function".
 *
 * @param owner - A class, or its prototype.
 * @param what - The owner's name in the error.
 * @param names - The wrong name and the right one.
 */
export function renamed(owner: object, what: string, [wrong, right]: Names): void {
  const value = () =>
    atCaller(value, () => {
      throw new TypeError(`${what}.${wrong}() is called ${right}() in this library`);
    });
  Object.defineProperty(owner, wrong, { configurable: true, value });
}

/** Adds a method of the class that is one of its instances here: calling it throws an error that says so. */
export function ofInstance(owner: object, what: string, [wrong, right]: Names): void {
  const value = () =>
    atCaller(value, () => {
      throw new TypeError(
        `${what}.${wrong}() is a method of an instance in this library: new ${what}(…).${right}()`,
      );
    });
  Object.defineProperty(owner, wrong, { configurable: true, value });
}

/** Adds a field in the same way: reading or setting it throws. */
export function renamedField(owner: object, what: string, [wrong, right]: Names): void {
  const refuse = () =>
    atCaller(refuse, () => {
      throw new TypeError(`${what}.${wrong} is called ${right} in this library`);
    });
  Object.defineProperty(owner, wrong, { configurable: true, get: refuse, set: refuse });
}
