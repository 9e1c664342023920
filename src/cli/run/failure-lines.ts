import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { cutText } from "../../protocol/thrown.ts";
import type { Paint } from "../../terminal/colours.ts";
import { count, counted } from "../../terminal/quantities.ts";
import type { FailureGroup, FailureSample } from "./failure-groups.ts";

/** How many groups, lines of a message below its first, causes, and frames are shown. */
const GROUPS = 10;
const CAUSES = 3;
const MESSAGE_LINES = 5;
const FRAMES = 3;

/** Longest data, and longest message of one item, in UTF-16 units. */
const COLUMNS = 160;

/** What failed, in lines: each kind of failure with its number, the frames of the user's code, and the first items with their data. */
export function failureLines(groups: readonly FailureGroup[], paint: Paint): string[] {
  const left = groups.slice(GROUPS).reduce((sum, group) => sum + group.count, 0);
  const lines = groups.slice(0, GROUPS).flatMap((group) => groupLines(group, paint));
  return left === 0 ? lines : [...lines, `${counted(left, "more failure")} of other kinds`];
}

function groupLines(group: FailureGroup, paint: Paint): string[] {
  const { taskType, name, message, pattern, isVaried, causes, frames, samples, count: times } = group;
  const often = times === 1 ? "once" : `${count(times)} times`;
  const [head = "", ...more] = (isVaried ? pattern : message).split(/\r?\n/);
  const what = name === "" || name === "Error" ? head : `${name}: ${head}`;
  const left = times - samples.length;
  return [
    `${paint("red", `failed ${often}`)}${taskType === "" ? "" : ` in ${taskType}`}: ${what}`,
    // As far to the right as no line of this summary begins.
    ...more.slice(0, MESSAGE_LINES).map((line) => `    ${line}`),
    ...causes.slice(0, CAUSES).map((cause) => `  ${cutText(cause, COLUMNS)}`),
    ...frames.slice(0, FRAMES).map((frame) => `  ${paint("dim", shortFrame(frame))}`),
    ...samples.map((sample) => `  ${sample.label}  ${sampleText(sample, isVaried)}`),
    ...(left > 0 && samples.length > 0 ? [`  and ${count(left)} more`] : []),
  ];
}

/** A frame with a path in place of a URL, and relative to the present folder where the file is in it. */
function shortFrame(frame: string): string {
  return frame.replace(/(?:file:\/\/)?\/[^()]*?(?=:\d+:\d+\)?$)/, (place) => {
    const path = pathOf(place);
    const near = relative(process.cwd(), path);
    return near.startsWith("..") ? path : near;
  });
}

/** The path of a place, which may be a URL. Never throws. */
function pathOf(place: string): string {
  try {
    return place.startsWith("file:") ? fileURLToPath(place) : place;
  } catch {
    return place;
  }
}

/** An item's data, and its own message where the messages differ. */
function sampleText({ data, message }: FailureSample, isVaried: boolean): string {
  const [own = ""] = message.split(/\r?\n/);
  return isVaried ? `${cutText(data, COLUMNS)}  ${cutText(own, COLUMNS)}` : cutText(data, COLUMNS);
}

/** Whether lines show every failure of these groups. */
export function areAllShown(groups: readonly FailureGroup[]): boolean {
  return groups.length <= GROUPS && groups.every(({ count, samples }) => count === samples.length);
}
