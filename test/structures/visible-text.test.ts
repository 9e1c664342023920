import { expect, test } from "vitest";
import {
  indented,
  isVisible,
  visibleBlock,
  visibleJson,
  visibleText,
  withoutColours,
} from "../../src/structures/visible-text.ts";

const code = (point: number) => String.fromCodePoint(point);

test.each([
  ["C0", [...Array(32).keys()]],
  ["DEL and C1", Array.from({ length: 33 }, (_, index) => 0x7f + index)],
  [
    "marks of direction",
    [0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069],
  ],
  [
    "characters without a width",
    [0xad, 0x34f, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0x2064, 0xfeff, 0xe0041],
  ],
  ["letters without a shape", [0x115f, 0x1160, 0x2800, 0x3164, 0xffa0]],
  ["separators of lines", [0x2028, 0x2029]],
  ["lone surrogates", [0xd800, 0xdbff, 0xdc00, 0xdfff]],
])("A visible text shows %s as escapes", (_what, points) => {
  for (const point of points) {
    const shown = visibleText(`a${code(point)}b`);
    expect(shown).toMatch(/^a\\(?:[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\})b$/);
    expect([isVisible(`a${code(point)}b`), isVisible(shown), visibleText(shown)]).toEqual([
      false,
      true,
      shown,
    ]);
    expect(JSON.parse(visibleJson(JSON.stringify(code(point))))).toBe(code(point));
    expect(isVisible(visibleJson(JSON.stringify(code(point))))).toBe(true);
  }
});

test("A visible text keeps what people can read", () => {
  for (const text of ["", "square", "Größe ändern", "画像-resize", "❤️ ok", "שלום", "a  b"])
    expect([visibleText(text), isVisible(text), visibleJson(text)]).toEqual([text, true, text]);
});

test("A visible block keeps its lines and tabs", () => {
  expect(visibleBlock("one\r\n\ttwo\rthree\u001b[2J")).toBe("one\n\ttwo\\rthree\\x1b[2J");
  expect(indented("one\n  two\nthree\n\n")).toBe("one\n      two\n    three");
});

test("A text without colours keeps every sequence that does something else", () => {
  expect(withoutColours("\u001b[1;31mred\u001b[0m \u001b[38:2::1:2:3mx\u001b[m \u001b[2J")).toBe(
    "red x \u001b[2J",
  );
});
