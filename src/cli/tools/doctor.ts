import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, freemem } from "node:os";
import { PipelineError } from "../../errors.ts";
import { RunFolder } from "../../pipeline/run-folder.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import { openFileLimit } from "../../role/descriptor-limit.ts";
import { Security } from "../../security/security.ts";
import { counted } from "../../terminal/quantities.ts";
import { libraryVersions } from "../../transport/zeromq/library-versions.ts";
import type { Check } from "./check.ts";
import { trialRun } from "./trial-run.ts";

/** Open files that the default number of connections needs. */
const FILES = 4160;

/** Checks this machine. @param ports - Ports that must be free. @param keys - Path of keys that must be usable. */
export async function examine(ports: readonly string[], keys: string | undefined): Promise<Check[]> {
  const checked = await Promise.all(ports.map(checkPort));
  const run = await trialRun();
  const checks = [
    checkNode(),
    checkLibraries(),
    checkMachine(),
    checkFiles(),
    await checkFolder(),
    run,
    ...checked,
  ];
  return keys === undefined ? checks : [...checks, checkKeys(keys)];
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return { name: "node", ok, text: `${process.version}${ok ? "" : ": 20.19 or later is needed"}` };
}

function checkLibraries(): Check {
  try {
    const { zeromq, libzmq, hasCurve } = libraryVersions();
    const text = `zeromq ${zeromq}, libzmq ${libzmq}${hasCurve ? "" : ": without CURVE, keys cannot be used"}`;
    return { name: "zeromq", ok: hasCurve, text };
  } catch (error) {
    return {
      name: "zeromq",
      ok: false,
      text: `cannot be loaded: ${describeThrown(error)}`,
    };
  }
}

function checkMachine(): Check {
  const memory = `${(freemem() / 2 ** 30).toFixed(1)} GiB of memory free`;
  return {
    name: "machine",
    ok: true,
    text: `${counted(availableParallelism(), "core")}, ${memory}, ${process.platform} ${process.arch}`,
  };
}

function checkFiles(): Check {
  const limit = openFileLimit();
  if (limit === undefined) return { name: "files", ok: true, text: "the limit of open files is unknown" };
  const ok = limit >= FILES;
  const advice = ok ? "" : `: raise it (ulimit -n ${FILES}), or lower maxConnections`;
  return { name: "files", ok, text: `${limit} files may be open${advice}` };
}

/** Makes a folder where runs make theirs. */
async function checkFolder(): Promise<Check> {
  try {
    const { base, problem } = await RunFolder.probe();
    if (problem === undefined)
      return { name: "folder", ok: true, text: `temporary files and private sockets are in ${typed(base)}` };
    const advice = "set TMPDIR to a folder that exists, can be written to, has room, and has a short path";
    return {
      name: "folder",
      ok: true,
      text: `runs use ${typed(base)}, because TMPDIR cannot be used: ${problem}; EndpointAddress.private() uses no other: ${advice}`,
    };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { name: "folder", ok: false, text: error.message };
  }
}

/** A folder with the type of its file system, where that is a mount. */
function typed(folder: string): string {
  const type = mounts()
    .split("\n")
    .map((line) => line.split(" "))
    .find(([, path]) => path === folder)?.[2];
  return `${folder}${type === undefined ? "" : ` (${type})`}`;
}

function mounts(): string {
  try {
    return readFileSync("/proc/mounts", "utf8");
  } catch {
    return ""; // not on Linux
  }
}

function checkPort(text: string): Promise<Check> {
  const port = Number(text);
  const name = `port ${text}`;
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return Promise.resolve({ name, ok: false, text: "is not a port: 1 to 65535" });
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve({ name, ok: false, text: error.code ?? error.message }),
    );
    server.listen(port, "0.0.0.0", () => server.close(() => resolve({ name, ok: true, text: "is free" })));
  });
}

function checkKeys(path: string): Check {
  try {
    return { name: "keys", ok: true, text: `${path}: ${Security.load(path).roles.join(", ")}` };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { name: "keys", ok: false, text: error.message };
  }
}
