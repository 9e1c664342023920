// 100, 1,000 and 5,000 items of 10 ms over 1 and 2 worker processes with 10 threads each, beside the sequential loop.
// Takes about a minute and a half. Usage: main.ts [items]...
import { compare } from "../singlethread/compare.ts";

await compare({ worker: new URL("worker.ts", import.meta.url), threads: 10 });
