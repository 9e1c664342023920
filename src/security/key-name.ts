/** Fits a file's name, and says nothing to a shell. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether keys can be called so. */
export function isKeyName(name: string): boolean {
  return NAME.test(name);
}
