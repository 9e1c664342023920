import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { csvRecords } from "../../../src/cli/map/csv-records.ts";
import { InputIterator } from "../../../src/cli/map/input-iterator.ts";
import { inputKey } from "../../../src/cli/map/input-key.ts";
import { divideAtInputs } from "../../../src/cli/map/map-command.ts";
import { openInputs } from "../../../src/cli/map/open-inputs.ts";
import { textRecords } from "../../../src/cli/map/text-records.ts";

const LINE = { separator: 0x0a, name: "line", dropsCarriageReturn: true };

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = [];
  for await (const batch of batches) found.push(...batch);
  return found;
}

const chunks = (...texts: (string | Uint8Array)[]) => Readable.from(texts.map((text) => Buffer.from(text)));

describe("Lines of text", () => {
  test("are found across chunks, also within a character", async () => {
    const bytes = Buffer.from("\uFEFFä\r\n\nö\u2028x");
    const one = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(await all(textRecords(chunks(...one), LINE))).toEqual(["ä", "", "ö\u2028x"]);
    expect(await all(textRecords(chunks("a\nb\n"), LINE))).toEqual(["a", "b"]);
    expect(await all(textRecords(chunks(), LINE))).toEqual([]);
  });

  test("come before the error of a line that is not UTF-8", async () => {
    const records = textRecords(chunks("a\nb\n", Uint8Array.of(0xff, 0x0a)), LINE);
    expect((await records.next()).value).toEqual(["a", "b"]);
    expect((await records.next()).value).toEqual([]);
    await expect(records.next()).rejects.toThrow("line 3 is not UTF-8");
  });
});

describe("CSV", () => {
  test("becomes objects by its header, with quoted fields", async () => {
    const text = '\uFEFFname;city\n"Doe; ""J""";"New\nYork"\n\nAnn;\n';
    expect(await all(csvRecords(chunks(text), ";"))).toEqual([
      { name: 'Doe; "J"', city: "New\nYork" },
      { name: "Ann", city: "" },
    ]);
  });

  test.each([
    ["a,b\n1,2,3\n", /line 2/],
    ["a,a\n1,2\n", /"a" twice/],
    ['a,b\n1,2\n"1,2\n', /no CSV: a quote is not closed in the record that begins after line 2$/],
    ["__proto__,b\n1,2\n", /column __proto__/],
  ])("that is broken is refused: %j", async (text, problem) => {
    await expect(all(csvRecords(chunks(text), ","))).rejects.toThrow(problem);
  });
});

describe("CSV before an error", () => {
  test.each([
    ["1,2\n3,4\n5\n", /columns length is 2, got 1 on line 4/],
    [Buffer.from("1,2\n3,4\n5,\xff\n", "latin1"), /line 4 is not UTF-8/],
  ])("is returned: %j", async (text, problem) => {
    const found: object[] = [];
    const reading = async () => {
      for await (const batch of csvRecords(chunks("a,b\n", text), ",")) found.push(...batch);
    };
    await expect(reading()).rejects.toThrow(problem);
    expect(found).toEqual([
      { a: "1", b: "2" },
      { a: "3", b: "4" },
    ]);
  });
});

describe("Arguments after :::", () => {
  test("are missing behind one of several", async () => {
    await expect(openInputs({}, [["a"], []])).rejects.toThrow("A ::: has no arguments");
  });

  test("are divided off the command's own, for map only", () => {
    expect(divideAtInputs(["map", "f", ":::", "a", "-q", ":::", "b"])).toEqual({
      own: ["map", "f"],
      inputs: [["a", "-q"], ["b"]],
    });
    expect(divideAtInputs(["run", ":::"])).toEqual({ own: ["run", ":::"], inputs: [] });
  });

  test("of several lists are combined", async () => {
    const { batches, total } = await openInputs({}, [
      ["a", "b"],
      ["1", "2"],
    ]);
    expect(total).toBe(4);
    expect((await batches.next()).value).toEqual([
      ["a", "1"],
      ["a", "2"],
      ["b", "1"],
      ["b", "2"],
    ]);
  });
});

describe("File names", () => {
  test("that fit a pattern come in order, and a pattern without files is refused", async () => {
    const { batches } = await openInputs({ files: ["src/cli/map/input-*.ts", "README.md"] }, []);
    expect((await batches.next()).value).toEqual([
      "README.md",
      "src/cli/map/input-iterator.ts",
      "src/cli/map/input-key.ts",
      "src/cli/map/input-task.ts",
    ]);
    await expect(openInputs({ files: ["none-*.such"] }, [])).rejects.toThrow("No file fits none-*.such");
  });
});

test("Inputs of two sources are refused", async () => {
  await expect(openInputs({ lines: true, csv: true }, [])).rejects.toThrow("--lines and --csv together");
  await expect(openInputs({ null: true }, [["a"]])).rejects.toThrow("--null and ::: together");
  await expect(openInputs({ delimiter: ";" }, [])).rejects.toThrow("--delimiter belongs to --csv");
  for (const delimiter of ["", '"', "\n"])
    await expect(openInputs({ csv: true, delimiter }, [])).rejects.toThrow("without quotes and line breaks");
});

describe("The key of an input", () => {
  test("is a field, a field within a field, or the whole input", () => {
    expect(inputKey("id")({ id: 7 })).toBe("7");
    expect(inputKey("a.b")({ a: { b: "x" } })).toBe("x");
    expect(inputKey("a.b")({ "a.b": "y" })).toBe("y");
    expect(inputKey(".")("text")).toBe("text");
    expect(inputKey(".")({ n: 1 })).toBe('{"n":1}');
    expect(() => inputKey("id")({ x: 1 })).toThrow('--key id: there is no such field in the input {"x":1}');
    expect(() => inputKey("id")({ id: [] })).toThrow(/the field is an? array/);
    expect(() => inputKey("toString")({})).toThrow("no such field");
  });
});

describe("An input iterator", () => {
  test("stops at its limit, and closes its source once", async () => {
    let closed = 0;
    const close = () => {
      closed += 1;
    };
    const source = { batches: [[1, 2], [3]].values(), close };
    const inputs = new InputIterator(
      source,
      2,
      () => {},
      () => undefined,
    );
    expect([await inputs.next(), await inputs.next(), await inputs.next()]).toMatchObject([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: true },
    ]);
    await inputs.return();
    expect(closed).toBe(1);
  });
});
