import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { vectors } from "../../scripts/protocol/vectors.ts";
import * as directions from "../../src/protocol/message.ts";
import { decodeValue } from "../../src/protocol/payload/payload.ts";
import { ProtocolError } from "../../src/protocol/wire/byte-reader.ts";
import { decodeMessage, MESSAGE_TYPES } from "../../src/protocol/wire/codec.ts";
import { decodeByTable, type TableMessage } from "../support/table-decoder.ts";

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
const page = read("protocol.md");
const file = read("protocol-vectors.json");

interface Vectors {
  readonly messages: readonly {
    readonly name: string;
    readonly message: TableMessage;
    readonly frames: string[];
  }[];
  readonly payloads: readonly { readonly value: string; readonly bytes: string }[];
  readonly foreignPayloads: readonly { readonly bytes: string; readonly value: unknown }[];
  readonly refused: readonly { readonly why: string; readonly frames: string[] }[];
  readonly refusedPayloads: readonly { readonly why: string; readonly bytes: string }[];
}
const known = JSON.parse(file) as Vectors;

/** The table of messages in docs/protocol.md. */
const rows = [...page.matchAll(/^\| (\d+) \| `(\w+)` \| ([^|]+) \| (?:`([^`]+)`)? ?\| [^|]+ \|$/gm)].map(
  ([, code = "", type = "", ways = "", fields = ""]) => ({
    code: Number(code),
    type,
    ways: ways.split(", "),
    fields,
  }),
);

/** The sets of messages of each direction, by the letters of docs/protocol.md. */
const SETS = {
  "W→D": directions.WORKER_TO_DISTRIBUTOR,
  "D→W": directions.DISTRIBUTOR_TO_WORKER,
  "W→C": directions.WORKER_TO_COLLECTOR,
  "C→W": directions.COLLECTOR_TO_WORKER,
  "D→C": directions.DISTRIBUTOR_TO_COLLECTOR,
  "C→D": directions.COLLECTOR_TO_DISTRIBUTOR,
  "D→A": directions.DISTRIBUTOR_TO_ACK_LINK,
  "A→D": directions.ACK_LINK_TO_DISTRIBUTOR,
  "M→D": directions.METADATA_TO_DISTRIBUTOR,
  "D→M": directions.DISTRIBUTOR_TO_METADATA,
  "K→S": directions.CLIENT_TO_SERVICE,
  "S→K": directions.SERVICE_TO_CLIENT,
  "V→S": directions.WORKER_TO_SERVICE,
  "S→V": directions.SERVICE_TO_WORKER,
  "I→D": directions.INSPECTOR_TO_ROLE,
  "D→I": directions.ROLE_TO_INSPECTOR,
} as const;

/** The ways from a role that listens: there the connection itself sends `sync`, and in the other ways `synced`. */
const FROM_LISTENERS = ["D→W", "C→W", "C→D", "A→D", "D→M", "S→K", "S→V", "D→I"];

const frames = (hex: readonly string[]) => hex.map((frame) => Buffer.from(frame, "hex"));

describe("docs/protocol.md", () => {
  test("lists every message with its number", () => {
    expect(rows.map(({ code, type }) => [code, type])).toEqual(
      MESSAGE_TYPES.map((type, code) => [code, type]),
    );
  });

  test.each(Object.entries(SETS))("says which messages go %s", (way, set) => {
    const allowed = known.messages.filter(({ frames: [...hex] }) => set.allows(decodeMessage(frames(hex))));
    const listed = rows.filter(({ ways }) => ways.includes(way)).map(({ type }) => type);
    const ofConnection = FROM_LISTENERS.includes(way) ? "sync" : "synced";
    const types = new Set([...allowed.map(({ message }) => message.type), ofConnection]);
    expect([...types].sort()).toEqual(listed.sort());
  });

  test.each(known.messages)(
    "has the fields of $name: a decoder that follows its table reads the vector",
    (vector) => {
      expect(decodeByTable(rows, vector.frames)).toEqual(vector.message);
    },
  );

  test("has vectors of every message", () => {
    expect(new Set(known.messages.map(({ message }) => message.type))).toEqual(new Set(MESSAGE_TYPES));
  });

  test("shows bytes that are vectors", () => {
    const shown = [...page.matchAll(/^```\n(5a5150[^`]+)^```$/gm)].map(([, block = ""]) =>
      block.replace(/ {2,}.*$/gm, "").replace(/\s/g, ""),
    );
    expect(shown).toHaveLength(2);
    const all = known.messages.map(({ frames: hex }) => hex.join(""));
    for (const bytes of shown) expect(all).toContain(bytes);
  });
});

describe("docs/protocol-vectors.json", () => {
  test("is what npm run vectors writes", () => {
    expect(file).toBe(vectors());
  });

  test.each(known.foreignPayloads)("has payloads of other languages: $bytes", ({ bytes, value }) => {
    const read = decodeValue(Buffer.from(bytes, "hex"));
    const shown = read instanceof Date ? { date: read.toISOString() } : read;
    expect(typeof read === "bigint" ? { bigint: String(read) } : shown).toEqual(value);
  });

  test.each(known.refused)("has what is refused: $why", ({ frames: hex }) => {
    expect(() => decodeMessage(frames(hex))).toThrow(ProtocolError);
  });

  test.each(known.refusedPayloads)("has payloads that are refused: $why", ({ bytes }) => {
    expect(() => decodeValue(Buffer.from(bytes, "hex"))).toThrow(ProtocolError);
  });
});
