import { describe, expect, test } from "vitest";
import { BoundError, ProtocolError } from "../../../src/protocol/wire/byte-reader.ts";
import { decodeMessage } from "../../../src/protocol/wire/codec.ts";
import { BOUND_FIELDS, type BoundField, UNKNOWN_FIELDS } from "../../support/field-bounds.ts";
import { long } from "../../support/long.ts";

/** Payloads of 32 MiB. */
const isLarge = ({ bound }: BoundField) => bound > 2n ** 20n && bound < 2n ** 30n;

const titled = (fields: readonly BoundField[]) =>
  fields.map((field) => [`${field.field} (${field.ways.join(", ")})`, field] as const);

/** So much is read, and one more is refused. */
function expectBound({ field, bound, isClaim, frames }: BoundField): void {
  expect(`${decodeMessage(frames(bound)).type}.`).toBe(field.replace(/\w+$/, ""));
  expect(() => decodeMessage(frames(bound + 1n))).toThrow(isClaim ? BoundError : ProtocolError);
}

describe("The table of bounds in docs/protocol.md", () => {
  test("has every field of every message, and no other", () => {
    const missing = BOUND_FIELDS.filter(({ bound }) => bound < 0n).map(({ field }) => field);
    expect([missing, UNKNOWN_FIELDS]).toEqual([[], []]);
  });

  test.each(titled(BOUND_FIELDS.filter((field) => !isLarge(field))))(
    "says how much %s may hold: so much is read, and one more is refused",
    (_title, field) => expectBound(field),
  );

  for (const [title, field] of titled(BOUND_FIELDS.filter(isLarge)))
    long(`says how much ${title} may hold: so much is read, and one more is refused`, async () =>
      expectBound(field),
    );

  test("says that a hello names held items only as a worker", () => {
    const held = BOUND_FIELDS.find(({ field }) => field === "hello.held");
    const [envelope] = held?.frames(1n) ?? [];
    expect(decodeMessage([envelope as Buffer])).toMatchObject({ held: [{ seq: 0, attempt: 0 }] });
    for (const role of [0, 2, 3, 4, 5, 6]) {
      envelope?.writeUInt8(role, 6); // behind magic, version, type and an empty run
      expect(() => decodeMessage([envelope as Buffer])).toThrow(BoundError);
    }
  });

  test("says that a count is refused before its entries are looked at", () => {
    for (const { bound, isClaim, frames } of BOUND_FIELDS) {
      if (!isClaim || bound < 512n || bound > 32_768n) continue;
      const [envelope = Buffer.alloc(0)] = frames(bound + 1n);
      // The entries are cut off.
      expect(() => decodeMessage([envelope.subarray(0, 30)])).toThrow(ProtocolError);
    }
  });
});
