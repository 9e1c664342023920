/**
 * Splits a text into words by the quoting rules of a shell: words end at white space; within single quotes every character stands for itself;
 * within double quotes a backslash keeps its meaning before `"`, `\`, `$` and a backquote; elsewhere it quotes any character. Nothing is
 * expanded, and no shell is called. What a shell would carry out, such as `|` and `$HOME`, must therefore be quoted, so that nobody expects it.
 *
 * @throws TypeError when a quote is not closed, a backslash ends the text, or it needs a shell.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    at += 1;
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'") {
      const end = text.indexOf("'", at);
      if (end < 0) throw unclosed("'", text);
      word = (word ?? "") + text.slice(at, end);
      at = end + 1;
    } else if (character === '"') {
      const quoted = inDoubleQuotes(text, at);
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (character === "\\") {
      if (at >= text.length) throw new TypeError(`A backslash ends ${JSON.stringify(text)}`);
      // A backslash at the end of a line joins it with the next, as in a shell.
      if (text[at] !== "\n") word = (word ?? "") + text.charAt(at);
      at += 1;
    } else {
      if (NEEDS_SHELL.test(text.slice(at - 1, at + 1))) throw needsShell(text, at - 1);
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function inDoubleQuotes(text: string, begin: number): { readonly text: string; readonly end: number } {
  let quoted = "";
  for (let at = begin; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return { text: quoted, end: at + 1 };
    if (character !== "\\") {
      quoted += character;
      continue;
    }
    at += 1;
    const next = text.charAt(at);
    if (next === "\n") continue;
    quoted += '"\\$`'.includes(next) && next !== "" ? next : `\\${next}`;
  }
  throw unclosed('"', text);
}

/** Pipes, lists, redirections, groups and backquotes; and what `$` begins, unless it stands alone. */
const NEEDS_SHELL = /^(?:[|&;<>()`]|\$[\w{(@*#?!$])/;

function needsShell(text: string, at: number): TypeError {
  const [what = ""] = /^(?:\$\w+|\$\{[^}]*\}?|\$.|[|&]+|[<>]+|.)/s.exec(text.slice(at)) ?? [];
  return new TypeError(
    `No shell is called, so ${what} has no effect in ${JSON.stringify(text)}. Quote it where the program gets it, '${what}'; where a shell is needed, call one: sh -c '…'`,
  );
}

function unclosed(quote: string, text: string): TypeError {
  return new TypeError(`A quote ${quote} is not closed in ${JSON.stringify(text)}`);
}
