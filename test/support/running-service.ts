import { onTestFinished } from "vitest";
import type { Service } from "../../src/index.ts";
import type { ServiceEndpoints } from "./endpoints-of.ts";
import { makeService } from "./service-roles.ts";

/** A service with workers that runs until the test ends. */
export async function running(
  endpoints: ServiceEndpoints,
  workers: readonly { run(): Promise<unknown>; stop(): Promise<void> }[],
  options: Parameters<typeof makeService>[1] = {},
): Promise<Service> {
  const service = makeService(endpoints, options);
  const done = [service.run(), ...workers.map((worker) => worker.run())];
  onTestFinished(async () => {
    await Promise.all([service.stop({ timeout: 0 }), ...workers.map((worker) => worker.stop())]);
    await Promise.all(done);
  });
  return service;
}
