// tasks-distributor.ts TASKS ITEMS chain|flat: runs TASKS tasks, named task-0 and so on, each with ITEMS items that do nothing, in a chain
// of dependencies or side by side. Prints the time from the first item to the last ACK, in ms.
import { Distributor, Task, TaskType } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, WORKER } from "./settings.ts";

const [tasks = 1, items = 1] = process.argv.slice(2).map(Number);
const isChain = process.argv[4] === "chain";
const types = Array.from({ length: tasks }, (_, index) => TaskType.register(`task-${index}`));
const distributor = new Distributor({ collectorEndpoint: COLLECTOR, collectorAckEndpoint: COLLECTOR_ACK });
let startedAt = 0;

for (const [index, type] of types.entries()) {
  const before = types[index - 1];
  class Stage extends Task {
    readonly taskType = type;
    readonly endpoint = WORKER;
    override readonly dependencies = isChain && before !== undefined ? [before] : [];
    override *items() {
      startedAt ||= performance.now();
      for (let n = 0; n < items; n++) yield {};
    }
  }
  distributor.registerTask(Stage);
}
await distributor.run();
console.log(JSON.stringify({ ms: performance.now() - startedAt }));
