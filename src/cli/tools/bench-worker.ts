/** Computes for `ms` ms. */
export default function work({ ms }: { readonly ms: number }): void {
  if (ms === 0) return;
  const end = performance.now() + ms;
  while (performance.now() < end);
}
