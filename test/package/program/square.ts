/** A worker's file, as a user has it. */
export default async function square({ n }: { n: number }): Promise<{ n: number; square: number }> {
  return { n, square: n * n };
}

export function initWorker(): void {}
