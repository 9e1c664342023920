import { documents } from "../../scripts/documents.ts";
import { testSnippets } from "./run-snippets.ts";

testSnippets(documents().filter((document) => document.startsWith("docs/guides/")));
