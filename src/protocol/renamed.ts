type Names = readonly [wrong: string, right: string];

/**
 * Gives a class a method that says what its name is here. Users of the original Python library write `register_type`; without this they
 * would be told that it is not a function.
 *
 * @param owner - A class, or its prototype.
 * @param what - What the owner is called in the error.
 * @param names - The name that is wrong, and the right one.
 */
export function renamed(owner: object, what: string, [wrong, right]: Names): void {
  Object.defineProperty(owner, wrong, {
    configurable: true,
    value: () => {
      throw new TypeError(`${what}.${wrong}() is called ${right}() in this library`);
    },
  });
}

/** The same for a field: reading or setting it throws. */
export function renamedField(owner: object, what: string, [wrong, right]: Names): void {
  const refuse = () => {
    throw new TypeError(`${what}.${wrong} is called ${right} in this library`);
  };
  Object.defineProperty(owner, wrong, { configurable: true, get: refuse, set: refuse });
}
