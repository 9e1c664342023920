// What tools for Python say of the file: each is run where it is installed.
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { tempFolder } from "../support/endpoints.ts";
import { describeWithPython, PYTHON, python } from "../support/python.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const FILE = path("clients/python/zmqpipeline_worker.py");

/** Runs a module of Python over the file, in a folder of its own. */
function tool(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(PYTHON ?? "", ["-m", ...args], {
    cwd: tempFolder(),
    encoding: "utf8",
    timeout: 100_000,
  });
  return { status, output: stdout + stderr };
}

const testWith = (name: string) => {
  if (PYTHON === undefined) return test.skip;
  const { status } = spawnSync(PYTHON, ["-c", `import ${name}`], { timeout: 20_000 });
  return status === 0 ? test : test.skip;
};

describeWithPython("The file for workers in Python", () => {
  testWith("mypy")("has the types that it says", () => {
    const { output, status } = tool("mypy", "--strict", "--ignore-missing-imports", FILE);
    expect({ output, status }).toMatchObject({ status: 0 });
  });

  testWith("pyflakes")("has nothing unused or undefined", () => {
    expect(tool("pyflakes", FILE)).toEqual({ status: 0, output: "" });
  });

  testWith("pycodestyle")("has the form of PEP 8", () => {
    expect(tool("pycodestyle", "--max-line-length=150", "--ignore=E203,W503", FILE)).toEqual({
      status: 0,
      output: "",
    });
  });

  test("is written in Python 3.8, and each public name has a description and types", () => {
    const code = `
import ast, json, sys
tree = ast.parse(open(${JSON.stringify(FILE)}).read(), feature_version=(3, 8))
bare = []
def look(node, prefix):
    for part in node.body:
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)) and not part.name.startswith("_") and prefix is not None:
            if not ast.get_docstring(part): bare.append(prefix + part.name)
        if isinstance(part, ast.FunctionDef):
            missing = [a.arg for a in part.args.args + part.args.kwonlyargs if a.annotation is None and a.arg != "self"]
            if missing or part.returns is None: bare.append(f"{part.name} without types")
        if isinstance(part, ast.ClassDef):
            is_public = part.name in ("Info", "PipelineError", "Worker", "ServiceWorker", "_Role")
            look(part, part.name + "." if is_public else None)
look(tree, None)
for part in tree.body:
    if getattr(part, "name", "") in ("Info", "PipelineError", "Worker", "ServiceWorker") and not ast.get_docstring(part): bare.append(part.name)
print(json.dumps(bare))`;
    expect(JSON.parse(python(code))).toEqual([]);
  });

  test("has the package's version and licence", () => {
    const { version } = JSON.parse(readFileSync(path("package.json"), "utf8")) as { version: string };
    expect(readFileSync(FILE, "utf8")).toContain(`\n__version__ = "${version}"\n`);
    expect(readFileSync(path("clients/python/LICENSE"), "utf8")).toBe(readFileSync(path("LICENSE"), "utf8"));
  });

  testWith("setuptools, pip, wheel")("can be installed with pip, without a network", () => {
    const [source, target] = [tempFolder(), tempFolder()];
    cpSync(path("clients/python"), source, { recursive: true });
    const flags = [
      "--no-index",
      "--no-build-isolation",
      "--no-deps",
      "--quiet",
      "--disable-pip-version-check",
    ];
    const { status, output } = tool("pip", "install", ...flags, "--target", target, source);
    expect({ output, status }).toMatchObject({ status: 0 });
    expect(
      python(
        `import sys; sys.path.insert(0, ${JSON.stringify(target)}); import zmqpipeline_worker as z; print(z.__file__)`,
      ),
    ).toContain(target);
    const installed = join(target, "zmqpipeline_worker");
    expect(readdirSync(installed)).toEqual(expect.arrayContaining(["__init__.py", "py.typed"]));
    expect(readFileSync(join(installed, "__init__.py"), "utf8")).toBe(readFileSync(FILE, "utf8"));
  });
});
