/** Control characters but tabs and line feeds. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Sequences that paint, move the cursor or clear. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const SEQUENCE = /\u001b\[[\d;?]*[A-Za-z]/g;

/**
 * A text of somebody else, such as an error's message, as a terminal may get it: without sequences that move the cursor, clear the screen or
 * change colours. Other control characters are shown as `\x07`.
 */
export function plainText(text: string): string {
  return text.replace(SEQUENCE, "").replaceAll("\r\n", "\n").replace(CONTROL, shown);
}

function shown(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
