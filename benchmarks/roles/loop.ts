// loop.ts ITEMS SLEEP STEPS START: does the work of the workers in a bare loop, which begins at START (Unix ms). Prints the time in ms.
import { blockFor } from "../../examples/support/block-for.ts";
import { compute } from "./compute.mjs";

const [items = 1, sleep = 0, steps = 0, start = 0] = process.argv.slice(2).map(Number);
const now = () => performance.timeOrigin + performance.now();
for (let n = 0; n < 20; n++) compute(steps); // until it is compiled, as in a worker after its first items
while (now() < start);
for (let item = 0; item < items; item++) {
  if (sleep > 0) blockFor(sleep);
  if (steps > 0) compute(steps);
}
console.log(JSON.stringify({ ms: now() - start }));
