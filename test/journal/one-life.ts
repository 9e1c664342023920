// Works with a journal in a process of its own: one-life.ts JOURNAL ITEMS [DURABILITY | hold]. Prints "open" and then "ok", or the error's code and message.
import { once } from "node:events";
import { type OpenJournal, openJournal } from "../../src/journal/open-journal.ts";
import { work } from "./journal-life.ts";

const [path = "", items = "", how = "process-crash"] = process.argv.slice(2);
try {
  const durability = how === "power-loss" ? "power-loss" : "process-crash";
  const opened = openJournal({ path, durability, retryFailed: false, keep: false }, ["a"]);
  console.log("open");
  if (how === "hold") await once(process.stdin.resume(), "end");
  if (how === "power-loss") await workDurably(opened, Number(items));
  else work(opened, Number(items));
  opened.close();
  console.log("ok");
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.log(`${code} ${message}`);
}

/** Produces items and waits each time until the disk has them. */
async function workDurably({ journal }: OpenJournal, count: number): Promise<void> {
  const task = journal.taskJournal("a");
  for (let seq = 0; seq < count; seq++) {
    task.produced({ seq, payload: Buffer.from("x") } as never, undefined);
    await new Promise<void>((resolve, reject) =>
      journal.commit((error) => (error === undefined ? resolve() : reject(error))),
    );
  }
}
