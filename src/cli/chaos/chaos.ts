import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { makeOwnFolder, sweepFolders } from "../../pipeline/own-folder.ts";
import { FileError } from "../file-error.ts";
import { type InterruptSignal, SIGNAL_CODES } from "../interrupts.ts";
import { type CommandContext, EXIT, printJson } from "../output.ts";
import { Campaign } from "./campaign.ts";
import type { ChaosOptions } from "./chaos-options.ts";
import { judge, verdictLines } from "./chaos-verdict.ts";
import { readCollected } from "./collected-items.ts";

/** With which the names of the folders begin. Those of commands that were killed are removed by later ones. */
const PREFIX = "zmqpipeline-chaos-";

/** Runs a file under faults, and judges how it ended. @returns The exit code. */
export async function chaos(file: string, options: ChaosOptions, context: CommandContext): Promise<number> {
  if (process.platform === "win32")
    throw new FileError("zmqpipeline chaos needs signals that Windows does not have: SIGSTOP and SIGCONT");
  await sweepFolders(tmpdir(), PREFIX);
  const folder = await makeOwnFolder(tmpdir(), PREFIX);
  const campaign = new Campaign(file, folder, options);
  let interrupted: InterruptSignal | undefined;
  const stop = (signal: InterruptSignal) => {
    interrupted ??= signal;
    campaign.abort(`it was interrupted by ${signal}`);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const end = await campaign.run();
    const collected = readCollected(campaign.log);
    if (end.code === EXIT.usage && collected.items === 0 && interrupted === undefined) {
      // The file cannot be run, whatever happens to its processes.
      context.output.err.lines(end.err.trimEnd().split("\n"));
      return EXIT.usage;
    }
    const verdict = judge(end, collected, campaign.faults, campaign.problem);
    if (options.json === true) printJson(context, { seed: options.seed, ...verdict });
    else context.output.text.lines(verdictLines(verdict, options.seed));
    if (interrupted !== undefined) return SIGNAL_CODES[interrupted];
    if (verdict.exitCode !== EXIT.ok) context.output.err.lines(end.err.trimEnd().split("\n"));
    return verdict.exitCode;
  } finally {
    campaign.abort("it was interrupted");
    process.off("SIGINT", stop).off("SIGTERM", stop);
    rmSync(folder, { recursive: true, force: true });
  }
}
