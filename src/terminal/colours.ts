import { randomInt } from "node:crypto";

/** What a part of a line is painted with: the codes that begin and end it. */
const STYLES = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
} as const;

export type Style = keyof typeof STYLES;

/** Paints a text, or returns it as it is where there are no colours. Only {@link shownLine} makes it a text for a terminal. */
export type Paint = (style: Style, text: string) => string;

/** Where a text is written to: a stream, or what is known of it. */
interface Target {
  readonly isTTY?: boolean;
}

/**
 * Parameters that mark the command's own sequences until they are written. No text of another process can have them, because nobody else knows them.
 * Each has four digits, so that what measures a text takes the sequence for one that has no width.
 */
const MARK = Array.from({ length: 4 }, () => randomInt(1000, 10_000)).join(";");

/** The command's own sequences in a text. The group is the code. */
export const OWN_SEQUENCE = new RegExp(`\\u001b\\[(\\d+);${MARK}m`);

/**
 * Chooses whether a stream gets colours: a terminal does, a file or a pipe does not. `FORCE_COLOR` and `NO_COLOR` in the environment replace
 * that choice, as in Node.js: `FORCE_COLOR` counts more, and 0 or false turns colours off; an empty `NO_COLOR` does not count.
 */
export function paintFor({ isTTY }: Target, env: NodeJS.ProcessEnv = process.env): Paint {
  return hasColours(isTTY === true, env) ? painted : plain;
}

/** Paints nothing. */
export const plain: Paint = (_style, text) => text;

const painted: Paint = (style, text) => {
  if (text === "") return "";
  const [begin, end] = STYLES[style];
  return `\u001b[${begin};${MARK}m${text}\u001b[${end};${MARK}m`;
};

function hasColours(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused = "" } = env;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTerminal && refused === "" && env.TERM !== "dumb";
}
