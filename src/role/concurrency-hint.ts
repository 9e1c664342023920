/**
 * The hint that a handler may run several times at once.
 *
 * @param handler - Which handler: "The handler of task \"fetch\"".
 * @param option - The option as the user names it.
 */
export function concurrencyHint(handler: string, option = "concurrency"): string {
  return `${handler} spends its time awaiting, and each worker executes one item at a time: set ${option}, for example to 10, to execute several at a time`;
}
