// micro.mjs CASE TIMES [timed]: runs a part of the hot path TIMES times in this process, for callgrind to count the instructions. With "timed" it
// prints the time, and that of a fixed loop, in ms. It is plain JavaScript on the built library, so that nothing else is counted.
import { CollectorCore } from "../../.test-build/src/core/collector/collector-core.js";
import { DistributorCore } from "../../.test-build/src/core/distributor/distributor-core.js";
import { resolveRetryPolicy } from "../../.test-build/src/core/distributor/retry-policy.js";
import { WorkerCore } from "../../.test-build/src/core/worker/worker-core.js";
import { decodePayload, encodePayload } from "../../.test-build/src/protocol/payload/payload.js";
import { decodeMessage, encodeMessage } from "../../.test-build/src/protocol/wire/codec.js";
import { EMPTY } from "../../.test-build/src/protocol/wire/payload-frames.js";
import { SeqMap } from "../../.test-build/src/structures/seq-map.js";
import { SeqSet } from "../../.test-build/src/structures/seq-set.js";
import { compute } from "./compute.mjs";

const [name, count] = process.argv.slice(2);
const times = Number(count);
const BATCH = 512;
const data = { id: 12_345, name: "a name", tags: ["one", "two"], score: 0.5 };
const payload = encodePayload(data, "item");
const result = (from) => ({
  type: "result",
  runId: "0123456789abcdef",
  taskType: "task",
  workerId: "worker-1",
  busyMs: 1,
  items: Array.from({ length: BATCH }, (_, index) => ({ seq: from + index, attempt: 1, payload })),
});

/** Runs items through the three cores, which hand messages to each other as objects: everything but codec and sockets. */
function cores() {
  let produced = 0;
  let isOver = false;
  let queue = [];
  const send = (deliver) => void queue.push(deliver);
  const ignore = () => {};
  const source = { pull: () => (produced++ < times ? payload : "done") };
  const spec = { name: "task", dependencies: [], retry: resolveRetryPolicy(), timeoutMs: 0, source };
  const options = {
    runId: "run",
    peerId: "distributor",
    crashLimit: 3,
    minWorkers: 1,
    maxFailures: Number.POSITIVE_INFINITY,
    peerTimeoutMs: 60_000,
    endTimeoutMs: 5000,
    maxWindow: 8192,
    windowBytes: 1 << 24,
    windowTimeMs: 300,
  };
  const distributor = new DistributorCore([spec], options, {
    toWorker: (_, message) => send(() => worker.distributorMessage(message)),
    toCollector: (message) => send(() => collector.peerMessage("data", message)),
    toAckLink: (message) => send(() => collector.ackLinkMessage("ack", message)),
    ackData: ignore,
    completed: ignore,
    exceeded: ignore,
    over: () => {
      isOver = true;
    },
    note: ignore,
  });
  const worker = new WorkerCore(
    { workerId: "worker", taskType: "task", concurrency: 1, peerTimeoutMs: 60_000 },
    {
      toDistributor: (message) => send(() => distributor.workerMessage("worker", message)),
      toCollector: (message) => send(() => collector.peerMessage("worker", message)),
      begin: () => send(() => worker.initialised("run")),
      abandon: ignore,
      work: ignore,
      over: ignore,
      note: ignore,
    },
  );
  const collector = new CollectorCore(
    { peerId: "collector", peerTimeoutMs: 60_000 },
    {
      toPeer: (connection, message) =>
        send(() =>
          connection === "worker"
            ? worker.collectorMessage(message)
            : distributor.collectorMessage("data", message),
        ),
      toAckLink: (_, message) => send(() => distributor.collectorMessage("ack", message)),
      begin: ignore,
      work: ignore,
      finish: () => collector.finished(),
      over: ignore,
      exceeded: ignore,
      note: ignore,
    },
  );
  distributor.open(EMPTY);
  distributor.collectorConnected();
  distributor.ackLinkConnected();
  worker.distributorConnected();
  worker.collectorConnected();
  // Each turn reads all messages that have arrived and then works on a batch, as an event loop does.
  for (let turn = 0; !isOver; turn++) {
    const delivered = queue;
    queue = [];
    for (const deliver of delivered) deliver();
    for (let left = BATCH; left > 0; left--) {
      const next = worker.next();
      if (next === undefined) break;
      worker.finished(next, { ok: true, payload: next.payload }, 0.001, turn);
    }
    for (let next = collector.next(); next !== undefined; next = collector.next()) {
      collector.handled(next, EMPTY);
    }
    collector.flush();
    for (const core of [distributor, worker, collector]) core.tick(turn);
  }
}

const cases = {
  "payload encode": () => {
    for (let n = 0; n < times; n++) encodePayload(data, "item");
  },
  "payload decode": () => {
    for (let n = 0; n < times; n++) decodePayload(payload);
  },
  "message encode": () => {
    for (let n = 0; n < times; n += BATCH) encodeMessage(result(n));
  },
  "message decode": () => {
    const frames = encodeMessage(result(1000)).map((frame) => Buffer.from(frame));
    for (let n = 0; n < times; n += BATCH) decodeMessage(frames);
  },
  ledger: () => {
    const [ledger, handled] = [new SeqMap(), new SeqSet()];
    for (let seq = 0; seq < times + 4096; seq++) {
      if (seq < times) ledger.set(seq, data);
      if (seq >= 4096 && ledger.delete(seq - 4096)) handled.add(seq - 4096);
    }
  },
  cores,
};

/** Steps of the fixed loop. */
const FIXED = 20_000_000;
const timed = (work) => {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
};
if (process.argv[4] === "timed") {
  cases[name](); // until it is compiled
  const times = { ms: timed(cases[name]), fixed: timed(() => compute(FIXED)) };
  console.log(JSON.stringify(times));
} else cases[name]();
