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
    ["$HOME * | ; && > `x` # y", ["$HOME", "*", "|", ";", "&&", ">", "`x`", "#", "y"]],
    ["", []],
  ])("splits %j as a shell would, and expands nothing", (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  test.each(["'open", '"open', 'a "b\\"', "end\\"])("refuses %j", (text) => {
    expect(() => splitWords(text)).toThrow(TypeError);
  });
});
