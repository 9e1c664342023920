import { ItemKeyError } from "../distributor/item-keys.ts";
import { PipelineError } from "../errors.ts";
import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import { isInstance } from "../protocol/thrown.ts";

/** How the user names what a map consists of. */
export interface MapWords {
  /** The map itself. */
  readonly map: string;
  /** What gives an input's key. */
  readonly key: string;
  /** How a map gets keys. */
  readonly giveKey: string;
}

/** The words of a program that calls `map()`. */
const FUNCTION_WORDS: MapWords = { map: "map()", key: "key() of map()", giveKey: "give map() a key" };

/** The words of the command line. */
export const COMMAND_WORDS: MapWords = {
  map: "zmqpipeline map",
  key: "--key",
  giveKey: "give --key FIELD",
};

/**
 * Rewrites the error of an input that cannot be sent, whose key cannot be used, or that the journal does not know, so that the user of a map sees
 * the input's index, and the path within it, and not the task behind the map. Other errors are returned unchanged.
 */
export function refusedInput(error: unknown, words: MapWords = FUNCTION_WORDS): unknown {
  if (isInstance(error, ItemKeyError)) return new TypeError(keyText(error.message, words));
  if (isInstance(error, PipelineError)) {
    const { code, cause, message } = error;
    const text =
      code === "TASK_FAILED"
        ? keyText(message, words)
        : code === "JOURNAL_MISMATCH"
          ? mismatchText(message, words)
          : message;
    return text === message ? error : new PipelineError(code, text, { role: "distributor", cause });
  }
  const refusal = isInstance(error, TypeError) ? error.cause : undefined;
  if (!isInstance(refusal, PayloadTypeError) || !("index" in refusal)) return error;
  const { index, message } = refusal;
  const text = `Input ${String(index)} of ${words.map}: ${message.replace("Value at item.value", "Value at input")}`;
  return Object.assign(new TypeError(text, { cause: refusal }), { index });
}

function keyText(text: string, { key }: MapWords): string {
  return text.replace('key() of task "map"', key).replace(" for item ", " for input ");
}

/** What differs between the inputs and the journal, and what to do about it. */
function mismatchText(text: string, { map, key, giveKey }: MapWords): string {
  const remedies = `There are two remedies: give the same inputs in the same order; or begin with another journal and ${giveKey}, so that order does not matter`;
  return text
    .replace(
      /^Task "map" gave (\d+) items? where it gave (\d+) before: item/,
      "The inputs are not those of the journal: there are $1 where there were $2, input",
    )
    .replace(
      /^Task "map" does not repeat what it gave before: (?:item|(one of the )items)/,
      (_, oneOf: string | undefined) =>
        `The inputs are not those of the journal: ${oneOf === undefined ? "input" : `${oneOf}inputs`}`,
    )
    .replace(/There are three remedies: .*$/, remedies)
    .replace(
      /task "map" had key\(\) when its items were produced, and has none now\..*$/,
      `its inputs had keys, and ${key} is missing now. Map as before, or start again with another file`,
    )
    .replace(
      /task "map" had no key\(\) when its items were produced, and has one now\..*$/,
      `its inputs had no keys, and ${key} is there now. Map as before, or start again with another file`,
    )
    .replace(/its tasks (.*) are not registered, and tasks "map" are not in it$/, `it has $1, and no ${map}`);
}
