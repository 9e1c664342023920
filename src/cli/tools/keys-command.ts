import { Argument, Command, InvalidArgumentError } from "commander";
import { isKeyName } from "../../security/key-name.ts";
import { ADDABLE_ROLES, type AddableRole } from "../../security/key-role.ts";
import { type CommandContext, printJson } from "../output.ts";

const FOLDER = "keys";

interface Options {
  readonly keys: string;
  readonly json?: boolean;
}

/** `zmqpipeline keys`: makes and changes a folder of keys, which `Security.load()` reads. */
export function keysCommand(context: CommandContext): Command {
  return new Command("keys")
    .description("make keys, so that roles on other machines can connect and nobody else can")
    .addCommand(initCommand(context))
    .addCommand(addCommand(context))
    .addCommand(revokeCommand(context))
    .addCommand(listCommand(context))
    .addHelpText("after", EXAMPLES);
}

const EXAMPLES = `
Examples:
  zmqpipeline keys init                   a folder "keys" with one file for each role: copy each to where its role runs
  zmqpipeline keys add worker gpu-1       keys of its own for one more worker
  zmqpipeline keys revoke worker gpu-1    and off the lists again; roles that run notice when their file is replaced
  zmqpipeline keys list --keys /etc/zmqpipeline`;

function initCommand(context: CommandContext): Command {
  return new Command("init")
    .description("make a new folder with keys for all roles; nothing is overwritten")
    .argument("[folder]", "where", FOLDER)
    .option("--json", "print the files as JSON")
    .action(async (folder: string, { json }: Options) => {
      const { makeKeyFolder } = await keyFolder();
      const files = makeKeyFolder(folder);
      if (json === true) return printJson(context, { files });
      context.output.out(`${files.join("\n")}\n`);
      context.output.err.write(
        "Copy each file to where its role runs, readable by nobody else (mode 600), and to nowhere else.\n",
      );
    });
}

function addCommand(context: CommandContext): Command {
  return changing("add", "make keys of its own for one more worker, metadata worker or client").action(
    async (role: AddableRole, name: string, { keys, json }: Options) => {
      const { file, changed } = (await keyFolder()).addKeys(keys, role, name);
      if (json === true) return printJson(context, { file, changed });
      context.output.out(`${file}\n`);
      context.output.err.write(
        `Copy it to where the ${role} runs, and these, which changed, to theirs: ${changed.join(", ")}\n`,
      );
    },
  );
}

function revokeCommand(context: CommandContext): Command {
  return changing(
    "revoke",
    "take a worker, metadata worker or client off the lists, and remove its file",
  ).action(async (role: AddableRole, name: string, { keys, json }: Options) => {
    const { changed } = (await keyFolder()).revokeKeys(keys, role, name);
    if (json === true) return printJson(context, { changed });
    context.output.out(`${changed.join("\n")}\n`);
    context.output.err.write(
      "Copy these to where their roles run: whoever is connected with the revoked keys is sent away then.\n",
    );
  });
}

function listCommand(context: CommandContext): Command {
  return new Command("list")
    .description("who has keys: role, name, fingerprint (as in logs), file with the secret key")
    .option("-k, --keys <folder>", "the folder of keys", FOLDER)
    .option("--json", "print them as JSON")
    .action(async ({ keys, json }: Options) => {
      const entries = (await keyFolder()).listKeys(keys);
      if (json === true) return printJson(context, { keys: entries });
      for (const { role, name, fingerprint, file } of entries)
        context.output.out(`${role.padEnd(12)} ${name.padEnd(20)} ${fingerprint}  ${file ?? "-"}\n`);
    });
}

function changing(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addArgument(new Argument("<role>", "whose").choices(ADDABLE_ROLES))
    .argument("<name>", 'which one; "default" has the keys of the start', keyName)
    .option("-k, --keys <folder>", "the folder of keys", FOLDER)
    .option("--json", "print the files as JSON");
}

function keyName(name: string): string {
  if (!isKeyName(name))
    throw new InvalidArgumentError('It must be 1 to 64 letters, digits, ".", "_" or "-".');
  return name;
}

/** Help is there before the library is. */
async function keyFolder() {
  return await import("../../security/key-folder.ts");
}
