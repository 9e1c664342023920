/**
 * A program of `test/fixtures` as JavaScript, with the library compiled beside it: `npm test` makes it, because a process or a thread that loads
 * TypeScript needs half a second to begin, and tests start hundreds.
 */
export function compiled(name: string): URL {
  return new URL(`../../.test-build/test/fixtures/${name}.js`, import.meta.url);
}
