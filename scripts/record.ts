// Records a real run in a terminal and draws it as docs/images/run.svg: npm run record. Needs tmux and a built library.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { animation, type Frame } from "./terminal-svg.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const COMMAND = "npx zmqpipeline run primes.mjs";
const PROMPT = "$ ";
const COLUMNS = 100;
const ROWS = 13;

/** How often the screen is looked at, and the longest time that a run may take, in ms. */
const LOOK_MS = 100;
const DEADLINE_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), "zmqpipeline-recording-"));
const server = `zmqpipeline-recording-${process.pid}`;
const tmux = (...args: string[]) => execFileSync("tmux", ["-L", server, ...args], { encoding: "utf8" });

try {
  cpSync(join(ROOT, "scripts/recording"), folder, { recursive: true });
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  symlinkSync(ROOT, join(folder, "node_modules/zmqpipeline"));
  symlinkSync(join(ROOT, "dist/cli/main.js"), join(folder, "node_modules/.bin/zmqpipeline"));
  const frames = await record();
  writeFileSync(join(ROOT, "docs/images/run.svg"), animation(frames, { columns: COLUMNS, rows: ROWS }));
  console.log(frames.at(-1)?.lines.join("\n"));
} finally {
  spawnSync("tmux", ["-L", server, "kill-server"]);
  rmSync(folder, { recursive: true });
}

/** The screens of a shell in which the command is typed and runs, each with the time at which it appeared. */
async function record(): Promise<Frame[]> {
  const shell = `cd ${folder} && exec env PS1='${PROMPT}' LC_ALL=C.UTF-8 sh`;
  tmux("-f", "/dev/null", "new-session", "-d", "-x", `${COLUMNS}`, "-y", `${ROWS}`, shell);
  const startedAt = performance.now();
  const frames: Frame[] = [];
  let isTyped = false;
  for (;;) {
    const atMs = performance.now() - startedAt;
    if (atMs > DEADLINE_MS) throw new Error(`The run did not end:\n${frames.at(-1)?.lines.join("\n")}`);
    const lines = tmux("capture-pane", "-p").trimEnd().split("\n");
    if (lines.join("\n") !== frames.at(-1)?.lines.join("\n")) frames.push({ atMs, lines });
    if (!isTyped && lines[0]?.startsWith(PROMPT.trim())) {
      tmux("send-keys", COMMAND, "Enter");
      isTyped = true;
    }
    // The shell asks for the next command when the run is over.
    if (isTyped && lines.length > 2 && lines.at(-1) === PROMPT.trim()) return withoutPrompt(frames);
    await sleep(LOOK_MS);
  }
}

/** The last screen ends with the run, not with the prompt for another command. */
function withoutPrompt(frames: readonly Frame[]): Frame[] {
  const last = frames.at(-1);
  return last === undefined ? [] : [...frames.slice(0, -1), { ...last, lines: last.lines.slice(0, -1) }];
}
