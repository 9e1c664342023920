import { DistributorCore } from "../../core/distributor/distributor-core.ts";
import type { DistributorCoreOptions, DistributorPort } from "../../core/distributor/distributor-port.ts";
import type { TaskSpec } from "../../core/distributor/task-spec.ts";
import { OutputGate } from "../../distributor/output-gate.ts";
import type { Durability } from "../../journal/journal-options.ts";
import { type OpenJournal, openOn, type ReadyJournal } from "../../journal/open-journal.ts";
import type { Grant, RunStatus } from "../../protocol/batch-message.ts";
import {
  ACK_LINK_TO_DISTRIBUTOR,
  COLLECTOR_TO_DISTRIBUTOR,
  type Message,
  WORKER_TO_DISTRIBUTOR,
} from "../../protocol/message.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";
import type { Host } from "./host.ts";
import { inDirection } from "./in-direction.ts";
import type { MemoryFile } from "./memory-file.ts";
import type { Network } from "./network.ts";
import { neverExceeded } from "./never-exceeded.ts";

/** The id of every simulated run: the same seed gives the same ids. */
const NEW_RUN = "run";

/** The largest window of a simulated worker. */
export const WINDOW = 64;

export interface DistributorSetting {
  readonly network: Network;
  readonly host: Host;
  readonly tasks: readonly string[];
  /** The tasks whose items have keys. */
  readonly keyed?: ReadonlySet<string>;
  /** The journal's file and durability; undefined: the ledger is in memory only. */
  readonly journal: { readonly file: MemoryFile; readonly durability: Durability } | undefined;
  /** Limits of the run that are not the simulator's own. */
  readonly limits?: Partial<Pick<DistributorCoreOptions, "crashLimit" | "maxFailures" | "trust">>;
  /** The encoded metadata; empty: none. */
  readonly metadata?: Uint8Array;
  /** A task, but for what its journal says. */
  spec(name: string, earlier: OpenJournal["tasks"] | undefined): Omit<TaskSpec, "journal" | "restored">;
  /** Makes a worker's ticket, by the world's seed. */
  newTicket(): string;
  /** Prepares the tasks before the run opens. */
  prepare?(earlier: ReadyJournal | undefined): Promise<void>;
  /** A grant was made. */
  granting?(core: DistributorCore, connection: string, grant: Grant): void;
  /** A grant leaves: the journal has it. */
  granted?(core: DistributorCore, connection: string, grant: Grant): void;
  /** The latest ACK data of a task. */
  acked?(runId: string, task: string, data: Uint8Array, seq: number): void;
  count(event: string): void;
  over(status: RunStatus, error: Error | undefined): void;
}

/** One process of the distributor: the real core behind the real journal, on the simulated network. */
export class SimulatedDistributor {
  readonly core: DistributorCore;
  /** Whether an event has reached the core since this was set to false. */
  isTouched = true;
  readonly #setting: DistributorSetting;
  readonly #opened: ReadyJournal | undefined;
  readonly #gate: OutputGate | undefined;
  readonly #toWorker: (connection: string, message: Message) => void;
  readonly #data: { send(message: Message): void };
  readonly #ack: { send(message: Message): void };

  /** @throws PipelineError when the tasks do not fit the journal. */
  constructor(setting: DistributorSetting) {
    this.#setting = setting;
    const { network, host, journal, tasks, keyed } = setting;
    if (journal !== undefined) {
      const { file, durability } = journal;
      const options = { path: "journal", durability, retryFailed: false, keep: false };
      this.#opened = openOn(file, options, tasks, keyed, () => NEW_RUN);
      this.#gate = new OutputGate(this.#opened.journal, (error) => {
        throw error;
      });
      if (this.#opened.isResumed) setting.count("resumed");
      if (this.#opened.torn > 0) setting.count("torn tail");
    }
    const core = new DistributorCore(
      tasks.map((name) => ({
        ...setting.spec(name, this.#opened?.tasks),
        restored: this.#opened?.tasks.get(name),
        journal: this.#opened?.journal.taskJournal(name),
      })),
      {
        runId: this.runId,
        peerId: "d",
        linkId: "secret",
        context: "",
        trust: "any",
        newTicket: () => setting.newTicket(),
        crashLimit: 3,
        minWorkers: 1,
        maxFailures: Number.POSITIVE_INFINITY,
        peerTimeoutMs: 60_000,
        endTimeoutMs: 5000,
        maxWindow: WINDOW,
        windowBytes: 1 << 20,
        windowTimeMs: 300,
        ...setting.limits,
      },
      this.#port(),
    );
    this.core = core;
    const touching =
      <Args extends unknown[]>(event: (...args: Args) => void) =>
      (...args: Args) => {
        this.isTouched = true;
        event(...args);
      };
    this.#toWorker = network.listen("distributor", {
      host,
      onMessage: touching((connection, message) =>
        core.workerMessage(connection, inDirection(WORKER_TO_DISTRIBUTOR, message)),
      ),
      onDisconnected: touching((connection) => core.workerDisconnected(connection)),
      onSomeDisconnected: touching(() => core.probe()),
    });
    this.#data = network.connect("collector", {
      host,
      onConnected: touching(() => core.collectorConnected()),
      onDisconnected: touching(() => core.collectorDisconnected("data")),
      onMessage: touching((message) =>
        core.collectorMessage("data", inDirection(COLLECTOR_TO_DISTRIBUTOR, message)),
      ),
    });
    this.#ack = network.connect("ack", {
      host,
      onConnected: touching(() => core.ackLinkConnected()),
      onDisconnected: touching(() => core.collectorDisconnected("ack")),
      onMessage: touching((message) =>
        core.collectorMessage("ack", inDirection(ACK_LINK_TO_DISTRIBUTOR, message)),
      ),
    });
  }

  get runId(): string {
    return this.#opened?.runId ?? NEW_RUN;
  }

  /** Opens the run; resolves when it is open, where its tasks take time to prepare. */
  open(): Promise<void> | undefined {
    const { prepare, metadata = EMPTY, host } = this.#setting;
    const ready = () => {
      this.isTouched = true;
      if (host.alive) this.core.open(metadata);
    };
    if (prepare === undefined) {
      ready();
      return undefined;
    }
    return prepare(this.#opened).then(ready, (error: Error) => this.fail(error));
  }

  /** Items of a task may be there now. */
  sourceReady(task: string): void {
    this.isTouched = true;
    if (this.#setting.host.alive) this.core.sourceReady(task);
  }

  /** Ends the run with an error. */
  fail(error: Error): void {
    this.isTouched = true;
    if (this.#setting.host.alive) this.core.fail(error);
  }

  tick(now: number): void {
    this.isTouched = true;
    this.core.tick(now);
    this.#gate?.commit();
    const problem = this.#opened?.journal.tidy(this.core.tasks, () => {});
    if (problem !== undefined) throw problem;
  }

  #port(): DistributorPort {
    const { host, count, over, granting, granted, acked } = this.#setting;
    const pass = (output: () => void) => {
      const living = () => {
        if (host.alive) output();
      };
      if (this.#gate === undefined) living();
      else this.#gate.pass(living);
    };
    return {
      exceeded: neverExceeded,
      toWorker: (connection, message) => {
        if (message.type === "grant") granting?.(this.core, connection, message);
        pass(() => {
          if (message.type === "grant") granted?.(this.core, connection, message);
          this.#toWorker(connection, message);
        });
      },
      toCollector: (message) => pass(() => this.#data.send(message)),
      toAckLink: (message) => pass(() => this.#ack.send(message)),
      ackData: (task, data, seq) => acked?.(this.runId, task, data, seq),
      blamed: () => count("blamed"),
      completed: ({ name }) => count(`completed ${name}`),
      over: (status, error) => pass(() => over(status, error)),
      note: count,
    };
  }
}
