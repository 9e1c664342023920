import { accessSync, closeSync, constants, openSync, readSync, type Stats, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** How much of a script's first line is read, in bytes. */
const FIRST_LINE_BYTES = 256;

/**
 * Says why a program cannot be started, as far as files show it. What other reasons there are, the system says when it starts the program.
 *
 * @param name - A path, or a name on the PATH.
 * @returns Nothing where the program may be started, and on Windows, which has rules of its own.
 */
export function whyUnstartable(name: string): string | undefined {
  if (process.platform === "win32") return undefined;
  const isPath = name.includes("/");
  const places = isPath
    ? [name]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder === "" ? "." : folder, name));
  const found = places.filter(isFile);
  const program = found.find(isExecutable);
  if (program !== undefined) return missingInterpreter(program);
  if (found.length > 0) return "it may not be executed (chmod +x)";
  if (isPath && isFolder(name)) return "it is a folder";
  const hint = !isPath && isFile(name) ? `; for the file in this folder, write ./${name}` : "";
  return `there is no such program; name one on the PATH, or its path${hint}`;
}

/** The system says of a script without its interpreter that the script does not exist. */
function missingInterpreter(script: string): string | undefined {
  const [, interpreter = ""] = /^#![ \t]*([^ \t\n]+)/.exec(firstBytes(script)) ?? [];
  if (interpreter === "" || isFile(interpreter)) return undefined;
  return interpreter.endsWith("\r")
    ? "its lines end as on Windows: save it with line ends of Unix"
    : `its first line names ${JSON.stringify(interpreter)}, and there is no such program`;
}

function firstBytes(path: string): string {
  const bytes = Buffer.alloc(FIRST_LINE_BYTES);
  try {
    const file = openSync(path, "r");
    try {
      return bytes.toString("latin1", 0, readSync(file, bytes, 0, FIRST_LINE_BYTES, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return ""; // a program that may be executed, and not read
  }
}

function isFile(path: string): boolean {
  return statsOf(path)?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statsOf(path)?.isDirectory() === true;
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // in a folder that may not be read
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
