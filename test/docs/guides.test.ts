import { documents } from "../../scripts/documents.ts";
import { testSnippets } from "./run-snippets.ts";
import { SLOW_GUIDES } from "./slow-guides.ts";

testSnippets(
  documents().filter((document) => document.startsWith("docs/guides/") && !SLOW_GUIDES.includes(document)),
);
