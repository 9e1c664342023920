import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
const manifest = read("package.json");
const locked: Readonly<Record<string, Locked>> = read("package-lock.json").packages;

/** What a user of the library gets with it, by name; the nearest folder above wins, as in Node. */
function runtimePackages(): Map<string, Locked> {
  const found = new Map<string, Locked>();
  const visit = (name: string, from: string): void => {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
      const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      const entry = locked[path];
      if (entry === undefined && folder === "") throw new Error(`${name} is not locked`);
      if (entry === undefined) continue;
      if (found.has(name)) return;
      found.set(name, entry);
      for (const needed of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }))
        visit(needed, path);
      return;
    }
  };
  for (const name of Object.keys(manifest.dependencies)) visit(name, "");
  return found;
}

test("Runtime dependencies are exactly those meant, those of theirs too", () => {
  const direct = [
    "@logtape/logtape",
    "commander",
    "csv-parse",
    "msgpackr",
    "string-width",
    "tinyglobby",
    "zeromq",
  ];
  expect(Object.keys(manifest.dependencies).sort()).toEqual(direct);
  // msgpackr's optional native decoder, prebuilt for each system, and what chooses among its builds; zeromq's build tools; what string-width is made of.
  const prebuilt = /^@msgpackr-extract\/msgpackr-extract-(darwin|linux|win32)-/;
  const names = [...runtimePackages().keys()].filter((name) => !prebuilt.test(name));
  const indirect = [
    "ansi-regex",
    "cmake-ts",
    "detect-libc",
    "fdir",
    "get-east-asian-width",
    "msgpackr-extract",
    "node-addon-api",
    "node-gyp-build-optional-packages",
    "picomatch",
    "strip-ansi",
  ];
  expect(names.sort()).toEqual([...direct, ...indirect].sort());
});

test("Nothing has to run at install: we have no script, and theirs only build what is there prebuilt", () => {
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual(
    [],
  );
  const withScripts = [...runtimePackages()].filter(([, { hasInstallScript }]) => hasInstallScript === true);
  // The packed library is tested without running them.
  expect(withScripts.map(([name]) => name).sort()).toEqual(["msgpackr-extract", "zeromq"]);
});

test("Licences are those that let anybody use the library", () => {
  const allowed = ["MIT", "Apache-2.0", "MIT AND MPL-2.0"]; // zeromq: MPL-2.0 is libzmq's, which it links
  expect(manifest.license).toBe("MIT");
  for (const [name, { license }] of runtimePackages())
    expect([name, allowed]).toEqual([name, expect.arrayContaining([license])]);
});

test("Every package is locked by its hash", () => {
  const unlocked = Object.entries(locked).filter(
    ([path, { integrity }]) => path !== "" && integrity === undefined,
  );
  expect(unlocked.map(([path]) => path)).toEqual([]);
});
