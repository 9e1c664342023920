import { COMPARISONS } from "./comparisons.ts";
import { testSnippets } from "./run-snippets.ts";

testSnippets(COMPARISONS);
