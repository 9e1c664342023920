import { Distributor, readJournal, Task } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, ITEMS, JOURNAL, SQUARE, WORKER } from "./settings.ts";

class Numbers extends Task<{ n: number }> {
  readonly taskType = SQUARE;
  readonly endpoint = WORKER;

  // Yields the same items in the same order each time: that is all that a journal asks of a task.
  override *items() {
    for (let n = 1; n <= ITEMS; n++) yield { n };
  }
}

const distributor = new Distributor({
  collectorEndpoint: COLLECTOR,
  collectorAckEndpoint: COLLECTOR_ACK,
  journal: JOURNAL,
});
distributor.registerTask(Numbers);
const { tasks } = await distributor.run({ signals: true });
console.log(
  `distributor: ${tasks.square?.acked} acked; the journal is ${readJournal(JOURNAL).isComplete ? "complete" : "not complete"}`,
);
