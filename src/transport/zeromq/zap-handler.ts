import type * as zmq from "zeromq";
import { encodeCurveKey, keyFingerprint } from "../../protocol/curve-key.ts";
import type { ListenKeys } from "../transport.ts";
import { zeromq } from "./zeromq-socket.ts";

/** Where libzmq asks whether a peer may connect: https://rfc.zeromq.org/spec/27/ (ZAP). */
const ADDRESS = "inproc://zeromq.zap.01";

/** How long the address may take to become free after an earlier handler was closed, in ms: seconds, on a machine with far too much to do. */
const BIND_MS = 10_000;

/** A listener with keys: whether it has room, and what it is told of a refused peer. */
export interface GuardedListener {
  hasRoom(): boolean;
  refused(reason: string): void;
}

/** What the handler knows of a listener. */
interface Registration {
  readonly keys: ListenKeys;
  readonly listener: GuardedListener;
  /** Keys of the self-test: refused like any unknown key, but not reported. */
  readonly expected: Set<string>;
}

/** By ZAP domain. Each listener has a domain of its own, so that its list of keys counts for no other listener. */
const guarded = new Map<string, Registration>();
let handler: zmq.Reply | undefined;
let starting: Promise<void> | undefined;
let domains = 0;

/** Secured sockets have a context of their own: its handler is asked about no other sockets of this process. */
let context: zmq.Context | undefined;
export function secureContext(): zmq.Context {
  context ??= new (zeromq().Context)();
  return context;
}

/** Registers a listener with the handler. Its socket must not be bound before this has resolved. */
export async function registerListener(keys: ListenKeys, listener: GuardedListener) {
  const domain = `zmqpipeline-${++domains}`;
  const expected = new Set<string>();
  guarded.set(domain, { keys, listener, expected });
  const leave = () => {
    guarded.delete(domain);
    if (guarded.size > 0) return;
    handler?.close();
    handler = undefined;
  };
  try {
    await ready();
  } catch (error) {
    leave();
    throw error;
  }
  const expectStranger = (publicKey: string) => {
    expected.add(publicKey);
  };
  return { context: secureContext(), domain, leave, expectStranger };
}

async function ready(): Promise<void> {
  starting ??= start().finally(() => {
    starting = undefined;
  });
  await starting;
}

async function start(): Promise<void> {
  if (handler !== undefined) return;
  const { Reply } = zeromq();
  const socket = new Reply({ context: secureContext(), linger: 0 });
  const deadline = performance.now() + BIND_MS;
  for (;;) {
    try {
      await socket.bind(ADDRESS);
      break;
    } catch (error) {
      // libzmq closes the earlier socket in a thread of its own, which may take a moment.
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || performance.now() > deadline) {
        socket.close();
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  handler = socket;
  void answer(socket);
}

async function answer(socket: zmq.Reply): Promise<void> {
  while (!socket.closed) {
    try {
      const request = await socket.receive();
      await socket.send(decide(request));
    } catch (error) {
      if (!socket.closed) throw error;
    }
  }
}

/** Allowed; refused for good; refused for now: a client tries again after 500. */
type Status = "200" | "400" | "500";

function decide(request: readonly Buffer[]): (string | Uint8Array)[] {
  const [version = "1.0", id = "", domain, address, , mechanism, key] = request;
  const isAsked = String(mechanism) === "CURVE" && key?.length === 32;
  const status = isAsked ? statusOf(String(domain), encodeCurveKey(key), String(address)) : "400";
  return [version, id, status, "", "", ""];
}

function statusOf(domain: string, publicKey: string, address: string): Status {
  const registration = guarded.get(domain);
  if (registration === undefined) return "400";
  const { keys, listener, expected } = registration;
  if (!keys.allows(publicKey)) {
    if (!expected.delete(publicKey))
      listener.refused(`the key ${keyFingerprint(publicKey)} of ${address} is not on the list`);
    return "400";
  }
  if (listener.hasRoom()) return "200";
  listener.refused(`there is no room for ${address}: there are as many connections as maxConnections allows`);
  return "500";
}
