// A service, two workers that shout, and a client: each in a process of its own, started in no special order.
import { inTempFolder, withPrograms } from "../support/launch.ts";

const file = (name: string) => new URL(name, import.meta.url);

await inTempFolder((folder) =>
  withPrograms(folder, async (start) => {
    const client = start({ file: file("client.ts") });
    const workers = ["A", "B"].map((name) => start({ file: file("worker.ts"), args: [name] }));
    const service = start({ file: file("run-service.ts") });
    await client.ended;
    // The service lets running requests finish, and ends its workers.
    service.child.kill("SIGTERM");
    await Promise.all([service.ended, ...workers.map(({ ended }) => ended)]);
  }),
);
