/** The guides whose snippets take seconds: `npm run test:all` runs these. */
export const SLOW_GUIDES: readonly string[] = [
  "docs/guides/debugging.md",
  "docs/guides/map.md",
  "docs/guides/pool.md",
  "docs/guides/results.md",
  "docs/guides/resuming.md",
  "docs/guides/types.md",
];
