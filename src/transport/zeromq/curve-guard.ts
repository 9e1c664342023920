import type * as zmq from "zeromq";
import { PipelineError } from "../../errors.ts";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";
import type { ListenKeys } from "../transport.ts";
import { guard, type Hall, secureContext } from "./zap-handler.ts";
import { zeromq } from "./zeromq-socket.ts";

/** How long a stranger's refusal may take at the start, in ms; it takes 5 ms where nothing else is going on. */
const SELF_TEST_MS = 5000;

/** What guards one secured listener. */
export interface Door {
  /** Options of the socket: it is a server with keys, and does not work without somebody at the door. */
  readonly socketOptions: {
    readonly context: zmq.Context;
    readonly curveServer: true;
    readonly curveSecretKey: string;
    readonly zapDomain: string;
    readonly zapEnforceDomain: true;
  };
  /**
   * Tries to get in with a key that was made for it.
   *
   * @throws PipelineError `SELF_TEST_FAILED` unless it is refused.
   */
  assertClosed(endpoint: EndpointAddress, bound: string): Promise<void>;
  /** Calls back when somebody who was let in must go. @returns Ends that. */
  onRevoked(callback: () => void): () => void;
  /** Call when the socket is closed. */
  close(): void;
}

/** Posts somebody at the door, before there is one: a socket that is made with its options lets in whom `keys` allows. */
export async function openDoor(keys: ListenKeys, hall: Hall): Promise<Door> {
  const { context, domain, leave, expectStranger } = await guard(keys, hall);
  return {
    socketOptions: {
      context,
      curveServer: true,
      curveSecretKey: keys.secretKey,
      zapDomain: domain,
      zapEnforceDomain: true,
    },
    async assertClosed(endpoint, bound) {
      const outcome = await tryToEnter(bound, keys.publicKey, expectStranger);
      if (outcome === "refused") return;
      const text = `Endpoint ${JSON.stringify(endpoint.address)} failed its self-test: a stranger's key was ${outcome}`;
      throw new PipelineError("SELF_TEST_FAILED", text, { endpoint: endpoint.address });
    },
    onRevoked: (callback) => keys.watch({ revoked: callback, problem: hall.refused }),
    close: leave,
  };
}

type Outcome = "refused" | "let in" | "not answered";

async function tryToEnter(
  bound: string,
  serverKey: string,
  expectStranger: (publicKey: string) => void,
): Promise<Outcome> {
  const { Dealer, curveKeyPair } = zeromq();
  const { publicKey, secretKey } = curveKeyPair();
  expectStranger(publicKey);
  const stranger = new Dealer({
    context: secureContext(),
    linger: 0,
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
    curveServerKey: serverKey,
    ipv6: bound.includes("["),
  });
  const timer = setTimeout(() => stranger.close(), SELF_TEST_MS);
  try {
    stranger.connect(bound.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]"));
    for await (const { type } of stranger.events) {
      if (type === "handshake:error:auth") return "refused";
      if (type === "handshake") return "let in";
    }
    return "not answered";
  } finally {
    clearTimeout(timer);
    stranger.close();
  }
}
