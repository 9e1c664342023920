/** An argument as a shell takes it: quoted where that is needed. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A command as a person types it. */
export function commandLine(args: readonly string[]): string {
  return ["zmqpipeline", ...args.map(shellWord)].join(" ");
}
