import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { PipelineError } from "../../errors.ts";
import { PRIVATE_FOLDER } from "../../protocol/endpoint-address.ts";
import { MAX_IPC_PATH_BYTES } from "../../protocol/limits.ts";
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
    checkFolder(),
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

function checkFolder(): Check {
  const folder = tmpdir();
  const type = mounts()
    .split("\n")
    .map((line) => line.split(" "))
    .find(([, path]) => path === folder)?.[2];
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    return { name: "folder", ok: false, text: `${folder} is no folder: set TMPDIR to one` };
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const advice = "set TMPDIR to a folder that exists and can be written to";
    return { name: "folder", ok: false, text: `${describeThrown(error)}: ${advice}` };
  }
  if (Buffer.byteLength(join(PRIVATE_FOLDER, "x")) > MAX_IPC_PATH_BYTES)
    return {
      name: "folder",
      ok: false,
      text: `${folder} is too long a path for sockets: set TMPDIR to a shorter one`,
    };
  return {
    name: "folder",
    ok: true,
    text: `temporary files and private sockets are in ${folder}${type === undefined ? "" : ` (${type})`}`,
  };
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
