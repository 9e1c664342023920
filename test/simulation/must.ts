// Checks that run after every step. `node:assert` is too slow for them: Vitest reaches a built-in module through a proxy.

export function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function mustEqual(found: unknown, expected: unknown, message: string): void {
  if (found !== expected) throw new Error(`${message}: ${found} instead of ${expected}`);
}
