import { paintFor } from "../../terminal/colours.ts";
import type { Output } from "../output.ts";
import type { ReportLayout } from "./report-text.ts";

/** How reports are laid out on standard output: a terminal has bars and a width, a file or a pipe has neither. */
export function layoutFor({ screen }: Output): ReportLayout {
  const isTerminal = screen.isTTY === true;
  return {
    width: isTerminal ? Math.max(20, screen.columns ?? 80) - 1 : Number.POSITIVE_INFINITY,
    hasBars: isTerminal,
    paint: paintFor(screen),
  };
}
