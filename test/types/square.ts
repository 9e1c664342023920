/** A worker's file, whose type `map()` and `defineWorker()` are given. */
export default async function square(n: number): Promise<{ n: number; square: number }> {
  return { n, square: n * n };
}

export function initWorker(): void {}

/** Not the default export, so it is chosen by its name. */
export const text = (n: number, { id }: { readonly id: string }): string => `${id} ${n}`;
