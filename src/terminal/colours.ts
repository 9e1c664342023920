import { styleText } from "node:util";

/** What a part of a line is painted with. */
export type Style = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";

/** Paints a text, or returns it as it is where there are no colours. */
export type Paint = (style: Style, text: string) => string;

/** Where a text is written to: a stream, or what is known of it. */
interface Target {
  readonly isTTY?: boolean;
}

/**
 * Chooses whether a stream gets colours: a terminal does, a file or a pipe does not. `FORCE_COLOR` and `NO_COLOR` in the environment replace
 * that choice, as in Node.js: `FORCE_COLOR` counts more, and 0 or false turns colours off; an empty `NO_COLOR` does not count.
 */
export function paintFor({ isTTY }: Target, env: NodeJS.ProcessEnv = process.env): Paint {
  return hasColours(isTTY === true, env) ? painted : plain;
}

/** Paints nothing. */
export const plain: Paint = (_style, text) => text;

const painted: Paint = (style, text) =>
  text === "" ? "" : styleText(style, text, { validateStream: false });

function hasColours(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused = "" } = env;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTerminal && refused === "" && env.TERM !== "dumb";
}
