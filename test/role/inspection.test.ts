import { expect, test } from "vitest";
import { decodePayload } from "../../src/protocol/payload/payload.ts";
import { reportMessage } from "../../src/role/inspection.ts";

test("A report says what it is given", () => {
  const message = reportMessage("run", { workers: 2 });
  expect(message.type === "report" && decodePayload(message.payload)).toEqual({ workers: 2 });
});

test.each([
  [
    "has too much to tell",
    { workers: Array.from({ length: 30_000 }, (_, id) => ({ id, type: "ü".repeat(80) })) },
  ],
  ["has a name that cannot be a key", { types: JSON.parse('{"__proto__":{"queued":1}}') as object }],
  ["has what cannot be sent", { types: Object.create({ queued: 1 }) as object }],
])("A report that %s is refused with the reason, and throws nothing", (_what, content) => {
  const message = reportMessage("run", content);
  expect(message).toMatchObject({ type: "refuse", runId: "run" });
  expect(message.type === "refuse" && message.reason).toMatch(/^the report cannot be sent: /);
});
