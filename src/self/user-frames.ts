import { isOwnPlace, placeOf } from "./library-folder.ts";

/** Packages that run the user's code: their frames say nothing about it. */
const RUNNERS = /[\\/]node_modules[\\/](?:esbuild|tsx|commander)[\\/]/;

/** Whether a line of a stack is a frame of the user's code or of a package that it uses: neither of Node, nor of this library. Never throws. */
export function isUserFrame(line: string): boolean {
  if (!/^\s+at .*:\d+:\d+\)?$/.test(line) || line.includes("node:")) return false;
  const place = placeOf(line);
  return place !== undefined && !isOwnPlace(place) && !RUNNERS.test(line);
}

/** A stack whose only frames are those of the user's code. What stands above the frames stays as it is. Never throws. */
export function userStack(stack: string): string {
  const begin = stack.indexOf("\n    at ");
  if (begin < 0) return stack;
  const lines = stack.slice(begin).split("\n").slice(1);
  const kept = lines.filter((line) => !/^\s+at /.test(line) || isUserFrame(line));
  return [stack.slice(0, begin), ...kept].join("\n");
}
