import type { PipelineVerdict } from "./pipeline-verdict.ts";

/**
 * What {@link testPipeline} throws when it has found something. Its message names each handler and item, and the seed.
 *
 * @example
 * ```ts
 * try {
 *   await testPipeline({ tasks, worker, collector });
 * } catch (error) {
 *   if (error instanceof PipelineTestError) console.log(error.verdict.findings[0]?.item);
 *   else throw error;
 * }
 * ```
 */
export class PipelineTestError extends Error {
  override readonly name: string = "PipelineTestError";
  /** Everything that is known. */
  readonly verdict: PipelineVerdict;

  /** @param verdict - A verdict with findings. */
  constructor(verdict: PipelineVerdict) {
    super(verdict.text);
    this.verdict = verdict;
  }
}
