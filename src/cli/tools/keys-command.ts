import { Argument, Command, InvalidArgumentError } from "commander";
import { isKeyName } from "../../security/key-name.ts";
import { ADDABLE_ROLES, type AddableRole } from "../../security/key-role.ts";
import { type CommandContext, printJson } from "../output.ts";

const FOLDER = "keys";

interface Options {
  readonly keys: string;
  readonly json?: boolean;
}

/** `zmqpipeline keys`: makes and changes a folder of keys for `Security.load()`. */
export function keysCommand(context: CommandContext): Command {
  return new Command("keys")
    .description("make keys, so that only roles with keys can connect")
    .addCommand(initCommand(context))
    .addCommand(addCommand(context))
    .addCommand(revokeCommand(context))
    .addCommand(listCommand(context))
    .addHelpText("after", EXAMPLES);
}

const EXAMPLES = `
Examples:
  zmqpipeline keys init                 make a folder "keys" with a file per role:
                                        copy each to the machine of its role
  zmqpipeline keys add worker gpu-1     make keys for one more worker
  zmqpipeline keys revoke worker gpu-1  remove its keys; running roles notice when
                                        their file is replaced
  zmqpipeline keys list --keys /etc/zmqpipeline`;

function initCommand(context: CommandContext): Command {
  return new Command("init")
    .description("make a new folder with keys for all roles; nothing is overwritten")
    .argument("[folder]", "where to make it", FOLDER)
    .option("--json", "print the files as JSON")
    .action(async (folder: string, { json }: Options) => {
      const { makeKeyFolder } = await keyFolder();
      const files = makeKeyFolder(folder);
      if (json === true) return printJson(context, { files });
      context.output.text.lines(files);
      context.output.err.line(
        "Copy each file to the machine of its role, and nowhere else. Only the role's user may read it (mode 600).",
      );
    });
}

function addCommand(context: CommandContext): Command {
  return changing("add", "make keys for one more worker, metadata worker or client").action(
    async (role: AddableRole, name: string, { keys, json }: Options) => {
      const { file, changed } = (await keyFolder()).addKeys(keys, role, name);
      if (json === true) return printJson(context, { file, changed });
      context.output.text.line(file);
      context.output.err.line(
        `Copy this file to the machine of the ${role}. These files have changed, copy them to the machines of their roles: ${changed.join(", ")}`,
      );
    },
  );
}

function revokeCommand(context: CommandContext): Command {
  return changing(
    "revoke",
    "remove the keys of a worker, metadata worker or client from the lists, and its file",
  ).action(async (role: AddableRole, name: string, { keys, json }: Options) => {
    const { changed } = (await keyFolder()).revokeKeys(keys, role, name);
    if (json === true) return printJson(context, { changed });
    context.output.text.lines(changed);
    context.output.err.line(
      "Copy these files to the machines of their roles. A role that gets its new file ends connections with the revoked keys.",
    );
  });
}

function listCommand(context: CommandContext): Command {
  return new Command("list")
    .description("list all keys: role, name, fingerprint (as in logs), file with the secret key")
    .option("-k, --keys <folder>", "the folder of keys", FOLDER)
    .option("--json", "print JSON")
    .action(async ({ keys, json }: Options) => {
      const entries = (await keyFolder()).listKeys(keys);
      if (json === true) return printJson(context, { keys: entries });
      for (const { role, name, fingerprint, file } of entries)
        context.output.text.line(`${role.padEnd(12)} ${name.padEnd(20)} ${fingerprint}  ${file ?? "-"}`);
    });
}

function changing(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addArgument(new Argument("<role>", "the role").choices(ADDABLE_ROLES))
    .argument("<name>", 'its name; "default" is the one that init has made', keyName)
    .option("-k, --keys <folder>", "the folder of keys", FOLDER)
    .option("--json", "print the files as JSON");
}

function keyName(name: string): string {
  if (!isKeyName(name))
    throw new InvalidArgumentError('It must be 1 to 64 letters, digits, ".", "_" or "-".');
  return name;
}

/** Loaded late, so that help appears at once. */
async function keyFolder() {
  return await import("../../security/key-folder.ts");
}
