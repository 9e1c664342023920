import { execFile } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { tempFolder } from "../support/endpoints.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("The package, installed in an empty folder, runs the quick start and has types", async () => {
  const folder = tempFolder();
  // The library is built by `npm test`; scripts would build it again while other tests use it.
  const { stdout: packed } = await run(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", folder],
    { cwd: ROOT },
  );
  const report = JSON.parse(packed);
  const [{ filename, files }] = Array.isArray(report) ? report : Object.values(report);
  const paths = (files as { path: string }[]).map(({ path }) => path);
  for (const wanted of [
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "docs/README.md",
    "docs/guides/map.md",
    "SECURITY.md",
    "dist/index.js",
    "dist/types/index.d.ts",
  ]) {
    expect(paths).toContain(wanted);
  }
  expect(paths.filter((path) => /^(src|test|benchmarks|scripts)\//.test(path))).toEqual([]);

  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  await run(
    "npm",
    ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", join(folder, filename)],
    {
      cwd: folder,
    },
  );
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, serviceExample = ""] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  writeFileSync(join(folder, "service.mjs"), serviceExample);
  const { stdout, stderr } = await run(process.execPath, ["service.mjs"], { cwd: folder, timeout: 20_000 });
  expect(stdout).toBe("{ message: 'HELLO' }\n");
  expect(stderr).toBe("");
  expect(readdirSync(folder).filter((name) => name.endsWith(".ipc"))).toEqual([]);

  // What a new user does first: from the function to a run with a failed item that is found.
  for (const [, file = "", code = ""] of readme.matchAll(/```js file=(\S+)\n([\s\S]*?)```/g))
    writeFileSync(join(folder, file), code);
  const commands = [...readme.matchAll(/```sh run\n([\s\S]*?)```/g)].map(([, code = ""]) => code).join("");
  const { stdout: printed } = await run("sh", ["-c", commands], { cwd: folder, timeout: 30_000 });
  expect(printed).toMatch(
    /^333833500\n99 inverses\.ndjson\nfailed once in inverse: RangeError: 13 is unlucky\n.*\n {2}[0-9a-f]+\/inverse\/12 {2}\{"n":13\}\nsum 333833500\n$/,
  );
  const command = join(folder, "node_modules/.bin/zmqpipeline");
  await run(command, ["init", "starter"], { cwd: folder });
  symlinkSync(join(ROOT, "node_modules/tsx"), join(folder, "node_modules/tsx"));
  const started = await run(command, ["run", "starter/pipeline.ts"], { cwd: folder, timeout: 30_000 });
  expect(started.stdout).toContain("78498 primes\n");
  const { stdout: made } = await run(command, ["keys", "init", "keys"], { cwd: folder });
  expect(made).toContain("keys/worker.json\n");

  // CommonJS callers too, where Node can require() modules.
  if (Number(process.versions.node.split(".")[0]) >= 22) {
    const code = 'console.log(typeof require("zmqpipeline").Distributor)';
    expect((await run(process.execPath, ["-e", code], { cwd: folder })).stdout).toContain("function");
  }
}, 120_000);
