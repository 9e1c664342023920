/** Names that are safe in a file name and in a shell. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether a text is a valid name for keys. */
export function isKeyName(name: string): boolean {
  return NAME.test(name);
}
