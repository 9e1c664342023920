/** What most texts consist of: no character of these is ever replaced. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * Characters that a terminal obeys, or that cannot be seen: controls (C0, DEL, C1), formats (marks that turn the direction of writing, joiners, the
 * soft hyphen, tags), line and paragraph separators, lone surrogates, letters without a shape, and the blank braille pattern. Variation selectors
 * only choose between two shapes of a character, so they stay.
 */
const HIDDEN =
  /(?!\p{Variation_Selector})[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** The same but for line feeds and tabs. */
const HIDDEN_IN_BLOCK =
  /(?![\n\t\p{Variation_Selector}])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A sequence that changes colours or the weight of letters, and nothing else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what is looked for
const COLOUR = /\u001b\[[\d;:]*m/g;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Shows a text of another process or user on one line: characters that a terminal would obey, or that cannot be seen, become `\n`, `\x1b`, `\u202e`
 * or `\u{e0041}`. A text that was shown already stays as it is.
 */
export function visibleText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(HIDDEN, visible);
}

/** Shows a text of several lines: its line feeds and tabs stay, a carriage return before a line feed is left out. */
export function visibleBlock(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll("\r\n", "\n").replace(HIDDEN_IN_BLOCK, visible);
}

/** What the lines of a text are indented by from its second on: no line of the library's own begins so far to the right with words. */
const INDENT = "    ";

/** Indents what follows the first line of a text, so that it cannot pretend to be a line of its own. Line feeds at the end are left out. */
export function indented(text: string): string {
  if (!text.includes("\n")) return text;
  const [first, ...others] = text.replace(/\n+$/, "").split("\n");
  const isIndented = others.every((other) => other === "" || other.startsWith(INDENT));
  return [first, ...others.map((other) => (isIndented ? other : `${INDENT}${other}`))].join("\n");
}

/** Whether a text has no character that {@link visibleText} would replace. */
export function isVisible(text: string): boolean {
  return PLAIN.test(text) || text.search(HIDDEN) === -1;
}

/** Leaves the colours out of a text that a program has written for a terminal of its own. */
export function withoutColours(text: string): string {
  return text.includes("\u001b") ? text.replace(COLOUR, "") : text;
}

/** Replaces the same characters in a text of JSON, where they are parts of texts, by JSON's own escapes: the value stays the same. */
export function visibleJson(json: string): string {
  return PLAIN.test(json) ? json : json.replace(HIDDEN_IN_BLOCK, jsonEscape);
}

function visible(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
}

function jsonEscape(character: string): string {
  let escapes = "";
  for (let at = 0; at < character.length; at += 1)
    escapes += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return escapes;
}
