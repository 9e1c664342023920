/**
 * Drops what handlers print to the standard output of this process, as `console.log` does.
 *
 * @returns A function that ends it.
 */
export function dropPrints(): () => void {
  const { stdout } = process;
  const own = Object.getOwnPropertyDescriptor(stdout, "write");
  stdout.write = ((...args: unknown[]) => {
    for (const written of args) if (typeof written === "function") queueMicrotask(() => written());
    return true;
  }) as typeof stdout.write;
  return () => {
    if (own === undefined) Reflect.deleteProperty(stdout, "write");
    else Object.defineProperty(stdout, "write", own);
  };
}
