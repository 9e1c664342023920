/** @throws TypeError when the value is no plain object with members by name. */
export function assertTable(value: unknown, where: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${where} must be an object`);
}

/** @throws TypeError when the object has a member that is not known. */
export function assertKnown(value: object, known: readonly string[], where: string): void {
  const strange = Object.keys(value).find((key) => !known.includes(key));
  if (strange === undefined) return;
  throw new TypeError(
    `${where} has an unknown member ${JSON.stringify(strange)}; known are ${known.join(", ")}`,
  );
}

/** @throws TypeError when a member is given and is no text. */
export function assertText(value: unknown, where: string): void {
  if (value !== undefined && typeof value !== "string") throw new TypeError(`${where} must be a string`);
}

/** @throws TypeError when a member is given and is no list of names. */
export function assertNames(value: unknown, where: string): void {
  const isList = Array.isArray(value) && value.every((name) => typeof name === "string");
  if (value !== undefined && !isList) throw new TypeError(`${where} must be a list of names`);
}

/** @throws TypeError when a switch is given and is not the one value that is supported. */
export function assertOnly(value: unknown, only: unknown, where: string, why: string): void {
  if (value !== undefined && value !== only)
    throw new TypeError(`${where} must be ${String(only)}, not ${JSON.stringify(value)}: ${why}`);
}

/** @throws TypeError when the table lacks the name; the text lists the names that it has. */
export function pick<T>(from: Readonly<Record<string, T>>, name: string, what: string, where: string): T {
  const found = Object.hasOwn(from, name) ? from[name] : undefined;
  if (found === undefined) {
    const known = Object.keys(from).join(", ");
    throw new TypeError(
      `Unknown ${what} ${JSON.stringify(name)} in ${where}; known are ${known === "" ? "none" : known}`,
    );
  }
  return found;
}

/** The same without members that are `null`: Python's `None` means there that nothing is given. */
export function withoutNulls<T>(value: T, where: string): T {
  assertTable(value, where);
  const given = Object.entries(value as object).filter(([, member]) => member !== null);
  return Object.fromEntries(given) as T;
}

/** @throws TypeError when a text of the dictionary is a reference to something of Python's, or to another part of the dictionary. */
export function assertNoReferences(value: unknown, path = ""): void {
  if (typeof value === "string" && /^(?:ext|cfg):\/\//.test(value) && !/\.stream$/.test(path))
    throw new TypeError(`${path} is ${JSON.stringify(value)}: references are not followed; write the value`);
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value))
    assertNoReferences(member, path === "" ? key : `${path}.${key}`);
}
