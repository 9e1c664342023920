import { resolveProgram } from "../pipeline/program-command.ts";
import { describeThrown } from "../protocol/thrown.ts";
import { FileError } from "./file-error.ts";

/** Options of which a file's function makes use, and no program. */
export interface ProgramOptionValues {
  readonly command?: string;
  readonly exec?: string;
  readonly export?: string;
  readonly threads?: number;
  readonly concurrency?: number;
  readonly workers?: number;
}

/**
 * The program that `--command` or `--exec` names.
 *
 * @param file - The command's argument, which a program replaces.
 * @returns Nothing when a file is given.
 * @throws FileError when neither is given, or both.
 */
export function programOf(
  file: string | undefined,
  options: ProgramOptionValues,
): { readonly command: string } | { readonly exec: string } | undefined {
  const { command, exec } = options;
  if (command === undefined && exec === undefined) {
    if (file !== undefined) return undefined;
    throw new FileError("name a file, or a program with --command or --exec");
  }
  const name = command === undefined ? "exec" : "command";
  if (file !== undefined)
    throw new FileError(
      `--${name} and the file ${JSON.stringify(file)} exclude each other; a program's arguments belong into the quotes: --${name} 'program argument'`,
    );
  for (const other of ["export", "threads", "concurrency"] as const)
    if (options[other] !== undefined)
      throw new FileError(`--${name} and --${other} exclude each other: --${other} is for functions`);
  if (options.workers === 0)
    throw new FileError(`--${name} needs at least one worker: programs are processes`);
  if (command !== undefined && exec !== undefined)
    throw new FileError("--command and --exec exclude each other");
  try {
    resolveProgram("program", { command, exec });
  } catch (error) {
    throw new FileError(`--${name}: ${describeThrown(error).replace(`program.${name}`, "it")}`);
  }
  return command === undefined ? { exec: exec ?? "" } : { command };
}
