import { expect, test, vi } from "vitest";
import { RoleLog } from "../../src/logging/logger.ts";
import { SparingLog } from "../../src/logging/sparing-log.ts";
import { captureLog } from "../support/captured-log.ts";

const logged = captureLog();

test("A SparingLog leaves lines out of a flood, says how many, and goes on a second later", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const log = new SparingLog(new RoleLog("distributor"));
    for (let n = 0; n < 5000; n++) log.write("info", "peer connected", { n });
    expect(logged()).toHaveLength(1000);
    vi.advanceTimersByTime(1000);
    for (let n = 0; n < 5000; n++) log.write("warn", "worker lost", { n });
    expect(logged()).toHaveLength(1020);
    expect(logged()[1000]).toContain("leftOut=4000");
    expect(logged()[1001]).not.toContain("leftOut");
  } finally {
    vi.useRealTimers();
  }
});
