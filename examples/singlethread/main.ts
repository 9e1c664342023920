// 100, 1,000 and 5,000 items of 10 ms over 1 and 2 worker processes, beside the sequential loop.
// Takes about three minutes. Usage: main.ts [items]...
import { compare } from "./compare.ts";

await compare({ worker: new URL("worker.ts", import.meta.url), threads: 1 });
