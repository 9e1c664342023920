import { type Command, Option } from "commander";

/** Adds the option that says whose results are taken. */
export function addTrustOption(command: Command): Command {
  const text = "take an item's result from any worker, or only from one that the item was given to";
  return command.addOption(
    new Option("--trust <whom>", `${text} (default: "any")`).choices(["any", "assigned"]),
  );
}
