import { PipelineError } from "../errors.ts";

/** The subject of a question: a task type, or an item of it. */
interface Subject {
  readonly taskType: string;
  readonly seq: number | undefined;
}

/**
 * Reads `square`, `square/17` or an item's id.
 *
 * @param types - The known task types. Their names may contain slashes.
 * @throws PipelineError `PEER_REFUSED` when the text is none of these.
 */
export function subjectOf(text: string, runId: string, types: readonly string[]): Subject {
  if (types.includes(text)) return { taskType: text, seq: undefined };
  const [, name = "", digits] = /^(.+)\/(\d{1,15})$/.exec(text) ?? [];
  const seq = Number(digits);
  if (types.includes(name)) return { taskType: name, seq };
  const slash = name.indexOf("/");
  const [run, taskType] = [name.slice(0, slash), name.slice(slash + 1)];
  if (slash > 0 && types.includes(taskType)) {
    if (run === runId) return { taskType, seq };
    throw refused(`${JSON.stringify(text)} is an item of run ${run}, but this is run ${runId}`);
  }
  throw refused(
    `There is no task type ${JSON.stringify(text)} here, and no such item; task types are ${types.join(", ")}`,
  );
}

function refused(text: string): PipelineError {
  return new PipelineError("PEER_REFUSED", text, { role: "inspector" });
}
