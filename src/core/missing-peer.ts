import { type ErrorFacts, PipelineError } from "../errors.ts";

/**
 * The error of a role that has waited for a peer for too long.
 *
 * @param text - What did not happen: `No distributor answered`.
 * @param addresses - Where the peer was expected, as far as that is known.
 */
export function missingPeer(
  text: string,
  addresses: readonly (string | undefined)[],
  peerTimeoutMs: number,
  facts: ErrorFacts,
): PipelineError {
  const known = addresses.filter((address) => address !== undefined);
  const [endpoint] = known;
  const where =
    endpoint === undefined ? "" : ` at ${known.map((address) => JSON.stringify(address)).join(" and ")}`;
  return new PipelineError("PEER_TIMEOUT", `${text}${where} within ${peerTimeoutMs} ms`, {
    ...facts,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}
