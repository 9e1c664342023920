// Fails when a link in a Markdown file leads nowhere: npm run check:links.
import { brokenLinks, documents } from "./documents.ts";

for (const document of documents()) {
  for (const link of brokenLinks(document)) {
    console.error(`${document}: the link ${link} leads nowhere`);
    process.exitCode = 1;
  }
}
