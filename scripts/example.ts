// Runs an example: npm run example NAME [arguments of the example]. Without a name it lists the examples.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const EXAMPLES = new URL("../examples/", import.meta.url);
const mainOf = (name: string) =>
  ["main.ts", "main.mjs"]
    .map((file) => fileURLToPath(new URL(`${name}/${file}`, EXAMPLES)))
    .find((path) => existsSync(path));
const names = readdirSync(EXAMPLES).filter((name) => mainOf(name) !== undefined);

const [name = "", ...args] = process.argv.slice(2);
const main = names.includes(name) ? mainOf(name) : undefined;
if (main === undefined) {
  console.error(
    `${name === "" ? "Name an example" : `There is no example ${JSON.stringify(name)}`}. There are: ${names.join(", ")}`,
  );
  process.exitCode = 2;
} else {
  const { status } = spawnSync(process.execPath, ["--import", "tsx", main, ...args], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}
