import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { tempFolder } from "../support/endpoints.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TSC = createRequire(import.meta.url).resolve("typescript/bin/tsc");

const STRICT = { noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noImplicitOverride: true };
const SETTINGS = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext", skipLibCheck: true },
  "nodenext, strictest": { module: "nodenext", moduleResolution: "nodenext", ...STRICT },
  bundler: { module: "preserve", moduleResolution: "bundler", skipLibCheck: true },
  "bundler, strictest": { module: "esnext", moduleResolution: "bundler", target: "es2022", ...STRICT },
} as const;

/** A user's project: the packed library, and a program. The packages that its types need come from here. */
async function project(): Promise<string> {
  const folder = tempFolder();
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: ROOT });
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  await run("tar", ["-xzf", join(folder, tarball), "-C", modules]);
  renameSync(join(modules, "package"), join(modules, "zmqpipeline"));
  for (const name of ["@types", "@logtape"])
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  cpSync(fileURLToPath(new URL("program", import.meta.url)), folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  return folder;
}

test.for(Object.entries(SETTINGS))("The packed types compile with %s", async ([, settings]) => {
  const folder = await project();
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023"],
    types: ["node"],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    ...settings,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const compiled = run(process.execPath, [TSC, "-p", folder], { cwd: folder, timeout: 60_000 }).catch(
    (error: { readonly stdout: string }) => error,
  );
  expect((await compiled).stdout).toBe("");
});
