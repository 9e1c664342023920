import type * as zmq from "zeromq";
import { PipelineError } from "../../errors.ts";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";
import type { ListenKeys } from "../transport.ts";
import { type GuardedListener, registerListener, secureContext } from "./zap-handler.ts";
import { zeromq } from "./zeromq-socket.ts";

/** Longest self-test, in ms; on an idle machine it takes 5 ms. */
const SELF_TEST_MS = 5000;

/** What guards one secured listener. */
export interface CurveGuard {
  /** Options of the socket, which lets nobody in unless the ZAP handler allows it. */
  readonly socketOptions: {
    readonly context: zmq.Context;
    readonly curveServer: true;
    readonly curveSecretKey: string;
    readonly zapDomain: string;
    readonly zapEnforceDomain: true;
  };
  /**
   * Tries to connect with a key that was made for this test.
   *
   * @throws PipelineError `SELF_TEST_FAILED` unless it is refused.
   */
  assertRefusesStrangers(endpoint: EndpointAddress, bound: string): Promise<void>;
  /** Calls back when a key that was allowed is revoked. @returns Ends that. */
  onRevoked(callback: () => void): () => void;
  /** Call when the socket is closed. */
  close(): void;
}

/** Makes a listener's guard, before its socket: a socket with the guard's options lets in the peers that `keys` allows. */
export async function guardListener(keys: ListenKeys, listener: GuardedListener): Promise<CurveGuard> {
  const { context, domain, leave, expectStranger } = await registerListener(keys, listener);
  return {
    socketOptions: {
      context,
      curveServer: true,
      curveSecretKey: keys.secretKey,
      zapDomain: domain,
      zapEnforceDomain: true,
    },
    async assertRefusesStrangers(endpoint, bound) {
      const outcome = await tryToEnter(bound, keys.publicKey, expectStranger);
      if (outcome === "refused") return;
      const text = `Endpoint ${JSON.stringify(endpoint.address)} failed its self-test: a stranger's key was ${outcome}`;
      throw new PipelineError("SELF_TEST_FAILED", text, { endpoint: endpoint.address });
    },
    onRevoked: (callback) => keys.watch({ revoked: callback, problem: listener.refused }),
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
