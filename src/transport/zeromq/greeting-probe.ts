import { connect } from "node:net";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";

/** How long the peer's greeting may take, in ms. */
const PROBE_MS = 1000;

/** A ZMTP greeting (https://rfc.zeromq.org/spec/37/) in bytes: signature, version, mechanism, as-server, filler. */
const GREETING_BYTES = 64;
const MECHANISM = { from: 12, to: 32 } as const;

/**
 * The beginning of a greeting: signature and version 3.1. The peer answers with all of its own greeting. The rest of ours is not sent,
 * because the peer would only close the connection when it does not fit.
 */
const BEGINNING = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);

/**
 * Asks the listener at an endpoint which security mechanism it wants: libzmq does not say why a connection ended.
 *
 * @returns `"NULL"`, `"CURVE"` or another name; nothing when nobody answers in ZMTP 3.
 */
export function askMechanism(endpoint: EndpointAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(target(endpoint), () => socket.write(BEGINNING));
    let heard = Buffer.alloc(0);
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(mechanismOf(heard));
    };
    const timer = setTimeout(done, PROBE_MS);
    socket.on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      if (heard.length >= GREETING_BYTES) done();
    });
    // What was heard until then has the mechanism, or has not.
    socket.once("error", done).once("close", done);
  });
}

function target({ scheme, connectAddress }: EndpointAddress) {
  const rest = connectAddress.slice(`${scheme}://`.length);
  if (scheme === "ipc") return { path: rest };
  const colon = rest.lastIndexOf(":");
  return { host: rest.slice(0, colon).replace(/[[\]]/g, ""), port: Number(rest.slice(colon + 1)) };
}

function mechanismOf(heard: Buffer): string | undefined {
  if (heard.length < MECHANISM.to || heard[0] !== 0xff || heard[9] !== 0x7f || (heard[10] ?? 0) < 3)
    return undefined;
  return heard.toString("latin1", MECHANISM.from, MECHANISM.to).replace(/\0+$/, "");
}
