// Kills the distributor in the middle of a run, and starts it again. The new process reads the journal and goes on where the old
// one was; the workers and the collector wait for it meanwhile.
import { once } from "node:events";
import { inTempFolder, withPrograms } from "../support/launch.ts";

const file = (name: string) => ({ file: new URL(name, import.meta.url) });

await inTempFolder((folder) =>
  withPrograms(folder, async (start) => {
    const collector = start(file("collector.ts"));
    const others = [start(file("worker.ts")), start(file("worker.ts"))];
    const first = start(file("run-distributor.ts"));
    await once(collector.child, "message");
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    console.log("half is collected: the distributor was killed, and is started again");
    others.push(start(file("run-distributor.ts")));
    await Promise.all([collector, ...others].map(({ ended }) => ended));
  }),
);
