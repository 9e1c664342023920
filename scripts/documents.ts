import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const FOLDERS_LEFT_OUT = new Set(["node_modules", "dist", "api", ".git", ".snippets"]);

/** Every Markdown file of the repository, by its path from the root. */
export function documents(): string[] {
  return markdownBelow(ROOT).sort();
}

function markdownBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return FOLDERS_LEFT_OUT.has(entry.name) ? [] : markdownBelow(path);
    return entry.name.endsWith(".md") ? [relative(ROOT, path)] : [];
  });
}

/** The links of a document that lead to no file, or to no heading in their file, as they are written. */
export function brokenLinks(document: string): string[] {
  const path = join(ROOT, document);
  const text = withoutCode(readFileSync(path, "utf8"));
  const targets = [...text.matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => {
    const [file = "", anchor = ""] = target.split("#");
    const linked = file === "" ? path : join(dirname(path), file);
    if (!statSync(linked, { throwIfNoEntry: false })) return true;
    return anchor !== "" && !anchorsOf(linked).has(anchor);
  });
}

/** The anchors that a code host makes of the headings: lower case, without punctuation, numbered where they repeat. */
function anchorsOf(path: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutCode(readFileSync(path, "utf8")).matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Text without blocks of code, in which a `#` is no heading and brackets are no link. */
function withoutCode(text: string): string {
  return text.replace(/^( *)```[\s\S]*?^\1```$/gm, "");
}
