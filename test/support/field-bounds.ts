import { readFileSync } from "node:fs";
import { PROTOCOL_VERSION } from "../../src/protocol/limits.ts";

const page = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

/** A message as docs/protocol.md lists it. */
interface Row {
  readonly code: number;
  readonly type: string;
  /** From which role to which, as in "W→D". */
  readonly ways: readonly string[];
  readonly fields: readonly { readonly name: string; readonly kind: string }[];
}

/** The page's table of messages. */
const ROWS: readonly Row[] = [
  ...page.matchAll(/^\| (\d+) \| `(\w+)` \| ([^|]+) \| (?:`([^`]+)`)? ?\| [^|]+ \|$/gm),
].map(([, code = "", type = "", ways = "", fields = ""]) => ({
  code: Number(code),
  type,
  ways: ways.split(", "),
  fields: fields
    .split(" ")
    .filter((text) => text !== "")
    .map((text) => text.split(":"))
    .map(([name = "", kind = name]) => ({ name, kind })),
}));

/** The page's table of bounds: the bound of each field. */
const BOUNDS = new Map<string, bigint>();
const table = /^## Bounds$[\s\S]*?^\| ---: \| --- \|$([\s\S]*?)^$/m.exec(page)?.[1] ?? "";
for (const [, most = "", fields = ""] of table.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)) {
  const power = /^2\^(\d+) - 1$/.exec(most.trim());
  const bound = power === null ? BigInt(most.replace(/[^\d]/g, "")) : 2n ** BigInt(power[1] ?? 0) - 1n;
  for (const [, field = ""] of fields.matchAll(/`(\w+\.\w+)`/g)) BOUNDS.set(field, bound);
}

/** A field of a message, with the bound that docs/protocol.md gives it. */
export interface BoundField {
  readonly field: string;
  readonly bound: bigint;
  readonly ways: readonly string[];
  /** Whether more is a claim that costs the connection, and not garbage such as an unknown code. */
  readonly isClaim: boolean;
  /** The frames of a message that has `value` in this field: a number, a length or a count. All other fields are as small as they can be. */
  frames(value: bigint): Buffer[];
}

export const BOUND_FIELDS: readonly BoundField[] = ROWS.flatMap((row) =>
  row.fields.map(({ name, kind }) => {
    const field = `${row.type}.${name}`;
    return {
      field,
      bound: BOUNDS.get(field) ?? -1n,
      ways: row.ways,
      isClaim: kind !== "u8" && kind !== "flag",
      frames: (value: bigint) => messageWith(row, name, value),
    };
  }),
);

/** Fields of the table of bounds that no message has. */
export const UNKNOWN_FIELDS = [...BOUNDS.keys()].filter(
  (field) => !BOUND_FIELDS.some((known) => known.field === field),
);

const PIECE = 65_536;

function messageWith(row: Row, wanted: string, value: bigint): Buffer[] {
  const writer = new RawWriter();
  writer.bytes(Buffer.from([0x5a, 0x51, 0x50, PROTOCOL_VERSION, row.code]));
  writer.text(0n); // no run
  for (const { name, kind } of row.fields) {
    const own = name === wanted ? value : undefined;
    // An assign has as many origins as items, each of a client in its list.
    const together = row.type === "assign" && /^(origins|items)$/.test(wanted);
    if (together && /^(origins|items)$/.test(name)) writer.field(kind, value);
    else if (together && name === "clients") writer.field(kind, 1n);
    else if (row.type === "hello" && name === "role")
      writer.field(kind, own ?? 1n); // a worker's
    else writer.field(kind, own);
  }
  const envelope = writer.finish();
  const payload = Buffer.alloc(writer.payloadBytes, 0xc0);
  const frames = [envelope];
  for (let start = 0; start < payload.length; start += PIECE)
    frames.push(payload.subarray(start, start + PIECE));
  return frames;
}

/** Writes fields by the words of docs/protocol.md. It shares no code with the library, and writes what a peer must not. */
class RawWriter {
  readonly #parts: Buffer[] = [];
  payloadBytes = 0;

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  bytes(bytes: Buffer): void {
    this.#parts.push(bytes);
  }

  integer(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.bytes(Buffer.from(bytes));
  }

  text(length: bigint): void {
    this.integer(length);
    this.bytes(Buffer.alloc(Number(length), "a"));
  }

  /** @param value - The number, the length or the count; absent: as little as possible. */
  field(kind: string, value = 0n): void {
    if (kind === "u8" || kind === "flag") this.bytes(Buffer.from([Number(value)]));
    else if (kind === "integer" || kind === "time") this.integer(value);
    else if (kind === "text") this.text(value);
    else if (kind === "error") for (let part = 0; part < 5; part++) this.text(part === 1 ? value : 0n);
    else if (kind === "payload") this.#payload(value);
    else this.#list(kind, value);
  }

  #payload(size: bigint): void {
    this.integer(size);
    this.payloadBytes += Number(size);
  }

  #list(kind: string, count: bigint): void {
    this.integer(count);
    const entry = { seqs: 1, refs: 2, items: 3, origins: 2, "list(text)": 1 }[kind];
    if (entry === undefined) throw new Error(`docs/protocol.md has a field of another kind: ${kind}`);
    this.bytes(Buffer.alloc(entry * Number(count)));
  }
}
