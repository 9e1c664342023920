import { documents } from "../../scripts/documents.ts";
import { PYTHON } from "../support/python.ts";
import { testSnippets } from "./run-snippets.ts";
import { PYTHON_GUIDE, SLOW_GUIDES } from "./slow-guides.ts";

const runnable = PYTHON === undefined ? SLOW_GUIDES.filter((guide) => guide !== PYTHON_GUIDE) : SLOW_GUIDES;

testSnippets(documents().filter((document) => runnable.includes(document)));
