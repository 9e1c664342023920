import { TaskType } from "zmqpipeline";

const ITEMS = 300;
const WIDTH = 20_000;
let primes = 0;

export default {
  tasks: [
    {
      taskType: TaskType.register("primes"),
      items: Array.from({ length: ITEMS }, (_, index) => ({ from: index * WIDTH, to: (index + 1) * WIDTH })),
    },
  ],
  workers: { module: new URL("./count-primes.mjs", import.meta.url), count: 2 },
  collector: (result) => {
    primes += result.primes;
  },
};
process.once("beforeExit", () =>
  console.log(`${primes.toLocaleString("en")} primes below ${(ITEMS * WIDTH).toLocaleString("en")}`),
);
