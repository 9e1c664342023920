import type { TaskReplay } from "../journal/journal-state.ts";
import type { OpenJournal } from "../journal/open-journal.ts";
import { itemNumber } from "../protocol/generation.ts";
import { decodePayload, type Payload } from "../protocol/payload/payload.ts";
import { goesOn, type Remainder } from "./item-iterator.ts";
import { LatestAck } from "./latest-ack.ts";
import type { RegisteredTask } from "./task.ts";
import { TaskSource } from "./task-source.ts";

export interface TaskSourcesPort {
  /** Items of a task may be there now. */
  ready(task: string): void;
  /** A task failed. */
  failed(error: Error): void;
}

/** The sources of a run's tasks: prepared together, closed together. */
export class TaskSources {
  readonly #tasks: readonly RegisteredTask[];
  readonly #sources: ReadonlyMap<string, TaskSource>;
  /** The latest ACK of any task. */
  readonly #latestAck = new LatestAck();

  constructor(tasks: readonly RegisteredTask[], port: TaskSourcesPort) {
    this.#tasks = tasks;
    this.#sources = new Map(
      tasks.map((task) => {
        const { name } = task.taskType;
        return [
          name,
          new TaskSource(task, this.#latestAck, { ready: () => port.ready(name), failed: port.failed }),
        ];
      }),
    );
  }

  /** A task that is producing items in the background, if there is one. */
  get busy(): string | undefined {
    for (const [name, { isBusy }] of this.#sources) if (isBusy) return name;
    return undefined;
  }

  of(task: string): TaskSource {
    const source = this.#sources.get(task);
    if (source === undefined) throw new TypeError(`There is no task ${JSON.stringify(task)}`);
    return source;
  }

  /** The collector has handled an item, which was the last one so far. @throws ProtocolError when the ACK data cannot be decoded. */
  acked(runId: string, task: string, seq: number, ackData: Uint8Array): void {
    const item = { runId, task, seq };
    const returned = decodePayload(ackData);
    this.of(task).lastAck.set(item, returned);
    this.#latestAck.set(item, returned);
  }

  /** Initialises the tasks, and begins to read those that depend on no other task. */
  async prepare(metadata: Payload, earlier: Pick<OpenJournal, "runId" | "tasks"> | undefined): Promise<void> {
    for (const task of this.#tasks) {
      const { taskType, dependencies } = task;
      const source = this.of(taskType.name);
      await source.initialize(metadata);
      const replay = earlier?.tasks.get(taskType.name);
      if (earlier !== undefined && replay !== undefined) {
        task[goesOn](remainderOf(earlier.runId, replay));
        await source.goOn(replay);
      }
      // A task with dependencies may make its items from the results of those tasks.
      if (dependencies.length === 0) source.begin();
    }
  }

  /** Closes all sources. A second call waits for the first. */
  async close(): Promise<void> {
    await Promise.all([...this.#sources.values()].map((source) => source.close()));
  }
}

function remainderOf(runId: string, { pending, nextSeq }: TaskReplay): Remainder {
  const seqs = [...pending].map(({ seq }) => seq).sort((a, b) => itemNumber(a) - itemNumber(b));
  return { runId, pending: seqs, nextNumber: nextSeq };
}
