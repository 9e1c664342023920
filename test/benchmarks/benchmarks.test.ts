import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const FOLDER = fileURLToPath(new URL("../../benchmarks/", import.meta.url));

test("The script npm run bench runs every benchmark", () => {
  const all = readFileSync(`${FOLDER}all.ts`, "utf8");
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".ts") && name !== "all.ts");
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect(all).toContain(`"${file.slice(0, -3)}"`);
});
