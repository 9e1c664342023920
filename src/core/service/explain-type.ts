import { ageText, countText, type Explanation } from "../explanation.ts";
import type { TypeQueue } from "./type-queue.ts";

/** Why the requests of a task type are not done. */
export function explainType(type: TypeQueue, now: number): Explanation {
  const { queue, suspects, workers } = type;
  const waiting = queue.size + suspects.size;
  let running = 0;
  for (const worker of workers) running += worker.held.size;
  const isDone = waiting + running === 0;
  const state = isDone ? "idle" : "busy";
  return {
    subject: type.name,
    isDone,
    state,
    reasons: [...workerReasons(type, now), ...requestReasons(type, running, now)],
  };
}

function workerReasons({ workers, lonelySince }: TypeQueue, now: number): string[] {
  if (workers.size === 0) return [`It has had no worker for ${ageText(now - lonelySince)}.`];
  const ready = [...workers].filter(({ phase }) => phase === "ready");
  const places = ready.reduce((sum, { concurrency }) => sum + concurrency, 0);
  const silent = ready.filter(({ isSilent }) => isSilent).length;
  const doubtful = ready.filter(({ isDoubtful }) => isDoubtful).length;
  const lines: string[] = [];
  if (silent > 0)
    lines.push(`${countText(silent, "worker", ["does", "do"])} not answer: a handler blocks the event loop.`);
  if (doubtful > 0)
    lines.push(
      `${countText(doubtful, "worker", ["has", "have"])} failed each of the last requests, and gets one a second while there are others.`,
    );
  return [
    `${countText(ready.length, "worker", ["is", "are"])} ready, of ${workers.size}; they execute ${places} at a time.`,
    ...lines,
  ];
}

function requestReasons({ queue, suspects }: TypeQueue, running: number, now: number): string[] {
  const first = queue.first;
  const lines: string[] = [];
  if (running > 0) lines.push(`${countText(running, "request", ["is", "are"])} with workers.`);
  if (first !== undefined)
    lines.push(
      `${countText(queue.size, "request", ["waits", "wait"])} for a worker with room, the first for ${ageText(now - first.arrivedAt)}.`,
    );
  if (suspects.size > 0)
    lines.push(
      `${countText(suspects.size, "request", ["was", "were"])} with a worker that died or is blocked, and will go to an idle one, alone.`,
    );
  return lines.length === 0 ? ["It has no request."] : lines;
}
