import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The files of the package, by their paths in it. */
const paths = packed();

function packed(): string[] {
  const shown = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 60_000,
  });
  const report = JSON.parse(shown);
  const [{ files }] = Array.isArray(report) ? report : Object.values(report);
  return (files as { path: string }[]).map(({ path }) => path);
}

test("Every relative link of a Markdown file in the package leads to a file or folder in the package", () => {
  const documents = paths.filter((path) => path.endsWith(".md"));
  expect(documents).toEqual(expect.arrayContaining(["README.md", "ARCHITECTURE.md", "docs/guides/map.md"]));
  const dead = documents.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), "utf8").replace(/^( *)```[\s\S]*?^\1```$/gm, "");
    const links = [...text.matchAll(/\]\((?!\w+:|#)([^)\s#]+)/g)].map(([, link = ""]) => link);
    const isThere = (link: string) => {
      const target = posix.join(posix.dirname(document), link);
      return paths.some((path) => path === target || path.startsWith(`${target}/`));
    };
    return links.filter((link) => !isThere(link)).map((link) => `${document}: ${link}`);
  });
  expect(dead).toEqual([]);
});

test("The package has sources of examples and no results, tests or sources of the library", () => {
  const strange = /^(src|test|benchmarks|scripts|api)\/|^examples\/.*\.(json|ndjson|log|journal|csv)$/;
  const allowed = "examples/deploy/package.json";
  expect(paths.filter((path) => strange.test(path) && path !== allowed)).toEqual([]);
});
