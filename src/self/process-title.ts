/** The title that this process was given; longer ones are cut off by the system. */
let given: string | undefined;

/**
 * Names this process in `ps` and `top`, unless the user's code has done that since.
 *
 * @param role - Such as `worker 2`.
 * @param task - The name of the task; empty if it is not known.
 * @param file - The path or URL of the user's file.
 */
export function entitle(role: string, task: string, file: string): void {
  if (given !== undefined && process.title !== given) return;
  // Control characters would garble a terminal.
  const title = `zmqpipeline ${role}: ${[task, fileNameOf(file)].filter((part) => part !== "").join(", ")}`;
  process.title = title.replace(/\p{Cc}/gu, " ");
  given = process.title;
}

function fileNameOf(url: string): string {
  const path = url.replace(/[?#].*$/, "");
  return decoded(path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a path with a percent sign
  }
}
