/** What the process that starts the workers knows of them. */
export interface WorkersOwner {
  /** How many workers are being started, by task type. */
  readonly expected: ReadonlyMap<string, number>;
}
