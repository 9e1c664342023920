// Puts load on an HTTP server in front of a service that computes, while a worker is killed and replaced. Prints the
// latencies of each third of the time. Usage: main.ts [seconds of each third]
import { once } from "node:events";
import autocannon from "autocannon";
import { inTempFolder, type RunningProgram, withPrograms } from "../support/launch.ts";

const SECONDS = Number(process.argv[2] ?? 4);
const CONNECTIONS = 8;

const file = (name: string) => ({ file: new URL(name, import.meta.url) });

async function load(url: string, during?: () => Promise<void>): Promise<autocannon.Result> {
  const result = autocannon({
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
    requests: [
      {
        method: "POST",
        path: "/hash",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ user: "ada", password: "correct horse battery staple" }),
      },
    ],
  });
  const [measured] = await Promise.all([result, during?.()]);
  return measured;
}

function print(what: string, { latency, requests, non2xx, errors, timeouts }: autocannon.Result): void {
  const cells = [requests.average.toFixed(0), `${latency.p50} ms`, `${latency.p99} ms`, `${latency.max} ms`];
  cells.push(String(non2xx + errors + timeouts));
  console.log(what.padEnd(34) + cells.map((cell) => cell.padStart(10)).join(""));
}

async function ready(worker: RunningProgram): Promise<RunningProgram> {
  await once(worker.child, "message");
  return worker;
}

await inTempFolder((folder) =>
  withPrograms(folder, async (start) => {
    const service = start(file("run-service.ts"));
    const server = start(file("server.ts"));
    const [url] = (await once(server.child, "message")) as [string];
    const [victim, ...workers] = await Promise.all(
      ["first", "second"].map(() => ready(start(file("worker.ts")))),
    );

    console.log(
      ["requests/s", "p50", "p99", "max", "failed"]
        .map((title) => title.padStart(10))
        .join("")
        .padStart(84),
    );
    print("two workers", await load(url));
    const killed = await load(url, async () => {
      await new Promise((resolve) => setTimeout(resolve, (SECONDS * 1000) / 2));
      victim?.child.kill("SIGKILL");
    });
    print("one is killed in the middle", killed);
    workers.push(await ready(start(file("worker.ts"))));
    print("another has taken its place", await load(url));

    server.child.kill("SIGTERM");
    await server.ended;
    service.child.kill("SIGTERM");
    await Promise.all([service.ended, ...workers.map(({ ended }) => ended)]);
  }),
);
