/** Whether some options of Node load tsx. */
export function isTsxAmong(options: readonly string[]): boolean {
  return options.some((option) => /(^|[\s"=/\\])tsx([\s"/\\@]|$)/.test(option));
}
