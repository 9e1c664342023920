import { describe, expect, test } from "vitest";
import { fillPlaceholders, havePlaceholders } from "../../../src/executor/commands/placeholders.ts";

describe("fillPlaceholders()", () => {
  test("puts members, nested ones and the whole item into arguments", () => {
    const item = { path: "a b.png", size: { w: 10 }, on: true, tags: ["x"], "a-b": 1 };
    expect(fillPlaceholders(["{path}", "-r={size.w}x{size.w}", "{on}", "{tags}", "{a-b}"], item)).toEqual([
      "a b.png",
      "-r=10x10",
      "true",
      '["x"]',
      "1",
    ]);
    expect(fillPlaceholders(["{}"], 5)).toEqual(["5"]);
    expect(fillPlaceholders(["{}"], { n: 1 })).toEqual(['{"n":1}']);
    expect(fillPlaceholders(["{}"], 7n)).toEqual(["7"]);
  });

  test("keeps within its argument what an item has, however it looks", () => {
    const hostile = "$(rm -rf /); `x` 'y' \"z\" {other} $& $1 \n*";
    expect(fillPlaceholders(["a{}b"], hostile)).toEqual([`a${hostile}b`]);
  });

  test("knows the parts of a path", () => {
    expect(fillPlaceholders(["{.}", "{/}", "{//}", "{/.}"], "photos/a.b.png")).toEqual([
      "photos/a.b",
      "a.b.png",
      "photos",
      "a.b",
    ]);
    const members = { path: "photos/a.b.png", user: { file: "x/y" }, n: 5 };
    expect(fillPlaceholders(["{path.}", "{path/}", "{path//}", "{path/.}", "{user.file/}"], members)).toEqual(
      ["photos/a.b", "a.b.png", "photos", "a.b", "y"],
    );
    expect(() => fillPlaceholders(["{.}"], members)).toThrow(
      "{.} is a part of a path, and this item is no text",
    );
    expect(() => fillPlaceholders(["{n/}"], members)).toThrow("{n/} is a part of a path, and {n} is no text");
  });

  test("knows the parts of an item that is an array, counted from 1", () => {
    expect(
      fillPlaceholders(
        ["{1}", "{2}", "{3.}", "{12}"],
        ["a", 2, "c.d", ...Array.from({ length: 9 }, (_, n) => String(n))],
      ),
    ).toEqual(["a", "2", "c", "8"]);
    expect(() => fillPlaceholders(["{3}"], ["a", "b"])).toThrow(
      "{3} has no value: the item is an array of 2",
    );
    expect(() => fillPlaceholders(["[0-9]{3}"], "a")).toThrow("{{3}}, stand for the text {3}");
  });

  test("knows members with any characters in brackets, and their parts", () => {
    const row = { "First name": "Ann", "a.b": "x", "2": "two", user: { "home dir": "/home/ann.old" } };
    expect(
      fillPlaceholders(
        ["{[First name]}", "{[a.b]}-{[2]}", "{user.[home dir]/}", "{[user].[home dir]/.}"],
        row,
      ),
    ).toEqual(["Ann", "x-two", "ann.old", "ann"]);
    expect(havePlaceholders(["{[First name]}"])).toBe(true);
    expect(() => fillPlaceholders(["{[Last name]}"], row)).toThrow(
      "{[Last name]} has no value: the item has only 2, First name, a.b, user",
    );
  });

  test("refuses the name of a member in braces that are text: a placeholder was meant", () => {
    expect(() => fillPlaceholders(["-n", "{First name}"], { "First name": "Ann" })).toThrow(
      "{First name} is text, and the item has a member of that name: in brackets, {[First name]}, it is a placeholder; in doubled braces, {{First name}}, it stays text",
    );
    expect(fillPlaceholders(["{{First name}}", "{First name }"], { "First name": "Ann" })).toEqual([
      "{First name}",
      "{First name }",
    ]);
  });

  test("leaves other braces alone; doubled ones stand for themselves", () => {
    const program = ["{print $1}", "{ a }", "${", "{a: .b}", "{0}", "{1,2}", "{a b}"];
    expect(fillPlaceholders(program, {})).toEqual(program);
    expect(havePlaceholders(program)).toBe(false);
    expect(fillPlaceholders(["{{id}}", "{{}}"], {})).toEqual(["{id}", "{}"]);
    expect(havePlaceholders(["{{id}}"])).toBe(false);
  });

  test.each([
    ["{path}", { paht: 1 }, "{path} has no value: the item has only paht"],
    ["{a.b}", { a: null }, "{a.b} has no value"],
    ["{toString}", {}, "{toString} has no value: the item has no members"],
    ["{}", null, "{} has no value: the item is empty"],
    ["{}", "a\0b", "null character"],
    ["{a}", { a: null }, "{a} has no value: it is null"],
    ["{a}", { a: Buffer.of(1) }, "{a} is binary data"],
    ["{}", "\ud800", "half of a character"],
    ["{a}", { a: Number.NaN }, "Value at data is NaN"],
    ["{}", { a: [Number.NEGATIVE_INFINITY] }, "Value at data.a[0] is -Infinity"],
    ["{}", { when: new Date(Number.NaN) }, "Value at data.when is an invalid date"],
  ])("refuses %s of %j", (argument, item, message) => {
    expect(() => fillPlaceholders([argument], item)).toThrow(message);
  });
});
