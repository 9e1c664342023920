/** Pages with many programs, also of other libraries: their snippets run with the long tests. */
export const COMPARISONS: readonly string[] = ["docs/coming-from.md", "docs/first-ten-minutes.md"];
