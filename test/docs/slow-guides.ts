/** The guide that needs Python with pyzmq and msgpack. */
export const PYTHON_GUIDE = "docs/guides/python.md";

/** The guides whose snippets take seconds: `npm run test:all` runs these. */
export const SLOW_GUIDES: readonly string[] = [
  "docs/guides/commands.md",
  "docs/guides/debugging.md",
  "docs/guides/map.md",
  "docs/guides/pool.md",
  PYTHON_GUIDE,
  "docs/guides/results.md",
  "docs/guides/resuming.md",
  "docs/guides/types.md",
];
