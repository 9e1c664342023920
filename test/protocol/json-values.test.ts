import vm from "node:vm";
import { expect, test } from "vitest";
import { replaceForJson } from "../../src/protocol/json-values.ts";

const written = (value: unknown) => JSON.parse(JSON.stringify({ value }, replaceForJson)).value as unknown;

test("JSON holds every kind of value: binary as Base64, and marks for values that would become others", () => {
  expect(written(Buffer.from("hi"))).toBe("aGk=");
  expect(written(Uint8Array.from([0, 104, 105]).subarray(1))).toBe("aGk=");
  expect(written(Uint16Array.of(0x6968))).toBe("aGk=");
  expect(written(new Uint8Array([104, 105]).buffer)).toBe("aGk=");
  expect(written(Float64Array.of(1))).toBe("AAAAAAAA8D8=");
  expect(written([Number.NaN, Number.POSITIVE_INFINITY, -1 / 0, 1.5])).toEqual([
    { $number: "NaN" },
    { $number: "Infinity" },
    { $number: "-Infinity" },
    1.5,
  ]);
  expect(written(2n ** 70n)).toBe(String(2n ** 70n));
  expect(written([new Date(0), new Date(Number.NaN)])).toEqual([
    "1970-01-01T00:00:00.000Z",
    { $date: "invalid" },
  ]);
  expect(written({ a: undefined, b: [undefined] })).toEqual({ b: [null] });
  expect(written("a\ud800")).toBe("a\ud800");
  expect(written(vm.runInNewContext("Uint8Array.of(104, 105)"))).toBe("aGk=");
});
