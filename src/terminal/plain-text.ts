/** Control characters but tabs and line feeds, and those that turn the order of letters round. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Sequences that paint, move the cursor or clear. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const SEQUENCE = /\u001b\[[\d;?]*[A-Za-z]/g;

/**
 * A text of somebody else, such as an error's message, as a terminal may get it: without sequences that move the cursor, clear the screen or
 * change colours. Other control characters are shown as `\x07` and `\u202e`.
 */
export function plainText(text: string): string {
  return text.replace(SEQUENCE, "").replaceAll("\r\n", "\n").replace(CONTROL, shown);
}

function shown(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(2, "0");
  return code.length > 2 ? `\\u${code}` : `\\x${code}`;
}
