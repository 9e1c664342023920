/** The result of one check. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}
