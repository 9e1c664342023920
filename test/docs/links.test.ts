import { expect, test } from "vitest";
import { brokenLinks, documents } from "../../scripts/documents.ts";

test.each(documents())("%s: links lead to files and headings that exist", (document) => {
  expect(brokenLinks(document)).toEqual([]);
});
