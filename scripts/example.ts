// Runs an example: npm run example NAME [its arguments]. Without a name it lists them.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const EXAMPLES = new URL("../examples/", import.meta.url);
const mainOf = (name: string) => fileURLToPath(new URL(`${name}/main.ts`, EXAMPLES));
const names = readdirSync(EXAMPLES).filter((name) => existsSync(mainOf(name)));

const [name = "", ...args] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(
    `${name === "" ? "Which one?" : `There is no example ${JSON.stringify(name)}.`} There are: ${names.join(", ")}`,
  );
  process.exitCode = 2;
} else {
  const { status } = spawnSync(process.execPath, ["--import", "tsx", mainOf(name), ...args], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}
