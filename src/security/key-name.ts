/** Safe as a part of a file's name, and in a shell. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether a text can be the name of keys. */
export function isKeyName(name: string): boolean {
  return NAME.test(name);
}
