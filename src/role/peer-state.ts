import type { EndpointAddress } from "../protocol/endpoint-address.ts";

/** A peer that a role needs. */
export interface PeerState {
  /** In words: `the distributor`. */
  readonly peer: string;
  /** Where the role connects to the peer, or listens for it. */
  readonly address: string;
  readonly isListening: boolean;
  /** Whether the peer is there, and has answered. */
  readonly isPresent: boolean;
}

/** The getter of a role's peers. A registered symbol, because a TypeScript loader may give the user's file its own copy of this library. */
export const peersOf: unique symbol = Symbol.for("zmqpipeline.peersOf") as never;

/** A peer to which a role connects. */
export function connectedPeer(peer: string, { address }: EndpointAddress, isPresent: boolean): PeerState {
  return { peer, address, isListening: false, isPresent };
}

/** A peer for which a role listens. */
export function expectedPeer(peer: string, { address }: EndpointAddress, isPresent: boolean): PeerState {
  return { peer, address, isListening: true, isPresent };
}
