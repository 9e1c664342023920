import type { RunReport } from "../../distributor/run-report.ts";
import { PipelineError } from "../../errors.ts";
import { type AnnouncedRun, hasCertainlyEnded } from "../../pipeline/run-folder.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import type { ServiceReport } from "../../service/service-report.ts";
import { joinColumns } from "../../terminal/columns.ts";
import { duration } from "../../terminal/quantities.ts";
import { truncated } from "../../terminal/text-width.ts";
import type { InspectOptions } from "./inspect-options.ts";
import { openInspector } from "./open-inspector.ts";
import {
  bodyLines,
  detailLines,
  headLine,
  type ReportLayout,
  reportLines,
  stateText,
  styleOf,
} from "./report-text.ts";

/** How often a run that does not answer is looked at, in ms: its process may have ended. */
const LOOK_MS = 100;

/** The room that is kept beside a run's command for how it stands, in columns. */
const STATE_COLUMNS = 40;

/** After how many looks at an ended process its last report, which may be on its way, is given up. */
const LAST_LOOKS = 4;

/** A run or a service that is asked again and again how it stands. */
export class WatchedRun implements AsyncDisposable {
  readonly #inspector: ReturnType<typeof openInspector>;
  /** What is known of the run, if it is one of this user's on this machine. */
  readonly #entry: AnnouncedRun | undefined;
  #report: RunReport | ServiceReport | undefined;
  #answeredAt: number | undefined;
  /** Whether the process has ended without a last report. */
  #isGone = false;
  /** Whether the last question has had no answer, after earlier ones had. */
  #isSilent = false;
  #failure: unknown;

  constructor(address: string, options: InspectOptions, entry: AnnouncedRun | undefined) {
    this.#inspector = openInspector(address, options);
    this.#entry = entry;
  }

  /** Where the run answers, and the command that runs. */
  get entry(): Pick<AnnouncedRun, "endpoint" | "title"> | undefined {
    const { endpoint, title } = this.#entry ?? {};
    return endpoint === undefined || title === undefined ? undefined : { endpoint, title };
  }

  get isOver(): boolean {
    return this.#isGone || this.#report?.outcome !== undefined;
  }

  /** Whether the run has ended without saying how. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Why the run cannot be asked: nothing has ever answered, or the peer refuses to. */
  get failure(): unknown {
    return this.#failure;
  }

  get report(): RunReport | ServiceReport | undefined {
    return this.#report;
  }

  /** Asks once. Never rejects: an error is the run's `failure`. */
  async look(): Promise<void> {
    if (this.isOver) return;
    try {
      const report = await this.#answer();
      if (report === undefined) this.#isGone = true;
      else {
        this.#report = report;
        this.#answeredAt = performance.now();
        this.#isSilent = false;
        this.#failure = undefined;
      }
    } catch (error) {
      const isSilent = error instanceof PipelineError && error.code === "PEER_TIMEOUT";
      if (isSilent && this.#answeredAt !== undefined) this.#isSilent = true;
      else this.#failure = error;
    }
  }

  /** The run on a screen of its own. */
  lines(layout: ReportLayout): string[] {
    if (this.#report === undefined) return this.#isGone ? [goneText(this.#entry)] : [];
    return [...reportLines(this.#report, layout), ...this.#troubles(layout)];
  }

  /** The run as one of several. @param isAlone - Whether there is room for the tables. */
  listLines(layout: ReportLayout, isAlone: boolean): string[] {
    const report = this.#report;
    const head = this.#headLine(layout);
    if (report === undefined) return [head, ...this.#troubles(layout)];
    const endpoint = this.#entry?.endpoint ?? "";
    // Where the first line has no room for it: the other commands need it.
    const where = this.isOver || head.includes(endpoint) ? [] : [layout.paint("cyan", `  ${endpoint}`)];
    const details = isAlone ? detailLines(report, layout) : [];
    return [head, ...where, ...bodyLines(report, layout), ...details, ...this.#troubles(layout)];
  }

  /** The last line about a run that is over. */
  endLine(layout: ReportLayout): string {
    if (this.#report === undefined || this.#isGone) return goneText(this.#entry);
    return this.#entry === undefined ? headLine(this.#report, layout) : this.#headLine(layout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inspector.close();
  }

  /** The report; `undefined` when the run's process has ended without one. */
  async #answer(): Promise<RunReport | ServiceReport | undefined> {
    const entry = this.#entry;
    if (entry === undefined) return await this.#inspector.status();
    let timer: NodeJS.Timeout | undefined;
    let looks = 0;
    const ended = new Promise<undefined>((resolve) => {
      timer = setInterval(() => {
        if (hasCertainlyEnded(entry)) looks += 1;
        if (looks === LAST_LOOKS) resolve(undefined); // a last report would be here by now
      }, LOOK_MS);
    });
    const answer = this.#inspector.status();
    answer.catch(() => {}); // when the process has ended first
    return await Promise.race([answer, ended]).finally(() => clearInterval(timer));
  }

  /** The run as one of several, in a line. */
  #headLine({ width, paint }: ReportLayout): string {
    const report = this.#report;
    const { title = "", owner, endpoint = "" } = this.#entry ?? {};
    const state = report === undefined ? "no answer yet" : stateText(report);
    return joinColumns(
      [
        {
          text: truncated(title, Math.max(20, width - STATE_COLUMNS)),
          importance: 4,
          style: "bold",
        },
        {
          text: this.#isGone ? "has ended" : state,
          importance: 3,
          ...(report === undefined ? { style: "yellow" } : styleOf(report)),
        },
        { text: `process ${owner?.pid ?? 0}`, importance: 1 },
        ...(this.isOver ? [] : [{ text: endpoint, importance: 2, style: "cyan" } as const]),
      ],
      width,
      paint,
    );
  }

  #troubles({ paint }: ReportLayout): string[] {
    if (this.#isGone) return [paint("red", goneText(this.#entry))];
    if (this.#failure !== undefined) return [paint("yellow", describeThrown(this.#failure))];
    if (!this.#isSilent || this.#answeredAt === undefined) return [];
    const silence = duration(Math.round(performance.now() - this.#answeredAt));
    return [paint("yellow", `no answer for ${silence}: the run may be over`)];
  }
}

function goneText(entry: AnnouncedRun | undefined): string {
  const pid = entry === undefined ? "" : ` ${entry.owner.pid}`;
  return `process${pid} has ended without saying how its run stood`;
}
