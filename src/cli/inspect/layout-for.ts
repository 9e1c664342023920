import type { Output } from "../output.ts";
import type { ReportLayout } from "./report-text.ts";

/** How reports are laid out on standard output: a terminal has bars and a width, a file or a pipe has neither. */
export function layoutFor({ text }: Output): ReportLayout {
  return { width: text.width, hasBars: text.isTerminal, paint: text.paint };
}
