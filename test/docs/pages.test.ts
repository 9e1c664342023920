import { documents } from "../../scripts/documents.ts";
import { COMPARISONS } from "./comparisons.ts";
import { testSnippets } from "./run-snippets.ts";

testSnippets(
  documents().filter((document) => !document.startsWith("docs/guides/") && !COMPARISONS.includes(document)),
);
