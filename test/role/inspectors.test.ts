import { expect, test } from "vitest";
import { Inspectors } from "../../src/role/inspectors.ts";

test("Inspectors tell the 64 that have asked last of the end", async () => {
  const inspectors = new Inspectors();
  const told: string[] = [];
  for (let peer = 0; peer < 100; peer++)
    inspectors.asked(
      `${peer}`,
      () => {},
      () => told.push(`${peer}`),
    );
  inspectors.asked(
    "0",
    () => {},
    () => told.push("0"),
  );
  await new Promise<void>((resolve) => {
    inspectors.end("run", () => ({}), resolve);
    for (const peer of told) inspectors.disconnected(peer);
  });
  expect(told).toEqual([...Array.from({ length: 63 }, (_, index) => `${37 + index}`), "0"]);
});
