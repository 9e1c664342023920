/** Where a command writes: results to `out`, everything else to `err`. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** What a command ends with. */
export const EXIT = { ok: 0, runtime: 1, usage: 2 } as const;

/** One line of JSON, with the version of what is in it: raised when a field changes its meaning or goes. */
export function printJson(output: Output, content: object): void {
  output.out(`${JSON.stringify({ schema: 1, ...content })}\n`);
}
