import { describe, expect, test } from "vitest";
import { splitWords } from "../../../src/executor/commands/split-words.ts";

describe("splitWords()", () => {
  test.each([
    ["convert {path} {out}", ["convert", "{path}", "{out}"]],
    ["  a \t b\nc ", ["a", "b", "c"]],
    [`jq -c '{a: .b, "c": $d}'`, ["jq", "-c", '{a: .b, "c": $d}']],
    [`echo "a b" 'c "d"' e\\ f`, ["echo", "a b", 'c "d"', "e f"]],
    [`"\\"q\\" \\$x \\n \\\\"`, ['"q" $x \\n \\']],
    [`a'b'"c"d`, ["abcd"]],
    [`'' ""`, ["", ""]],
    ['one\\\ntwo "three\\\nfour"', ["onetwo", "threefour"]],
    [
      `'$HOME' "$HOME" \\$HOME * '|' \\; "&&" # 5$ ~/a`,
      ["$HOME", "$HOME", "$HOME", "*", "|", ";", "&&", "#", "5$", "~/a"],
    ],
    ["", []],
  ])("splits %j as a shell would, and expands nothing", (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  test.each([
    ["ls | wc", "|"],
    ["ls>a", ">"],
    ["a 2>> b", ">>"],
    ["a && b", "&&"],
    ["a; b", ";"],
    ["a (b)", "("],
    ["a `b`", "`"],
    ["a $(b)", "$("],
    ["a $HOME/b", "$HOME"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's variable
    ["a ${b}c", "${b}"],
    ["a $1", "$1"],
  ])("refuses %j, which needs a shell for %s", (text, what) => {
    expect(() => splitWords(text)).toThrow(`No shell is called, so ${what} has no effect`);
  });

  test.each(["'open", '"open', 'a "b\\"', "end\\"])("refuses %j", (text) => {
    expect(() => splitWords(text)).toThrow(TypeError);
  });
});
