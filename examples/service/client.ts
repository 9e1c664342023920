import { RemoteError, ServiceClient } from "zmqpipeline";
import { FRONT, SHOUT } from "./settings.ts";

const messages = [
  "hello",
  "is anybody there?",
  "the kettle is on",
  "mind the gap",
  "it works on my machine",
  "have you tried turning it off and on again?",
  "ship it",
  "over and out",
];

const client = new ServiceClient<{ message: string }, { message: string; worker: string }>(FRONT, {
  taskType: SHOUT,
});

const one = await client.request({ message: "one" });
console.log(`one → ${one.message}`);

// The requests of a list go to all workers at once; the replies are in the order of the list.
const replies = await client.request(messages.map((message) => ({ message })));
for (const [index, { message }] of replies.entries()) console.log(`${messages[index]} → ${message}`);
const workers = [...new Set(replies.map(({ worker }) => worker))].sort();
console.log(`answered by workers ${workers.join(" and ")}`);

try {
  await client.request({ message: "" });
} catch (error) {
  if (!(error instanceof RemoteError)) throw error;
  console.log(`a worker's error arrives: ${error.name}: ${error.message}`);
}
await client.stop();
