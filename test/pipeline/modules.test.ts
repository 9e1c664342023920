import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { map } from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";

const MARK = `Object.defineProperty(exports, "__esModule", { value: true });`;

function module(name: string, content: string): string {
  const folder = tempFolder();
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

async function first(path: string, threads: number): Promise<unknown> {
  for await (const result of map([2], path, { workers: 1, threads, restarts: 0 })) return result;
  return undefined;
}

test.each([
  ["exports.default with a compiler's mark", `${MARK} exports.default = (n) => n * 2;`, 0],
  ["the same in a thread", `${MARK} exports.default = (n) => n * 2;`, 1],
  ["exports.default without it", "module.exports.default = (n) => n * 2;", 0],
  ["module.exports", "module.exports = (n) => n * 2;", 0],
  ["an object with a function", "module.exports = { double: (n) => n * 2 };", 1],
  [
    "a bundler's getters",
    `const all = {}; Object.defineProperty(all, "default", { get: () => (n) => n * 2, enumerable: true });
    module.exports = Object.defineProperty(all, "__esModule", { value: true });`,
    0,
  ],
] as const)("A CommonJS worker exports %s", async (_form, content, threads) => {
  expect(await first(module("worker.js", content), threads)).toBe(4);
});

test.each([
  ["an ECMAScript module", "worker.mjs", "export default (n) => n;\nconst y = = 2;\n"],
  ["CommonJS", "worker.cjs", "module.exports = (n) => n;\nconst y = = 2;\n"],
] as const)("A syntax error in %s is told with file, line and code", async (_kind, name, content) => {
  await expect(first(module(name, content), 0)).rejects.toMatchObject({
    code: "WORKER_FAILED",
    message: expect.stringMatching(/Unexpected token '=' \(.*worker\.[cm]js:2\)\nconst y = = 2;\n {10}\^/),
  });
});
