import type * as zmq from "zeromq";
import { encodeCurveKey, keyFingerprint } from "../../protocol/curve-key.ts";
import type { ListenKeys } from "../transport.ts";
import { zeromq } from "./zeromq-socket.ts";

/** Where libzmq asks whether somebody may come in: https://rfc.zeromq.org/spec/27/ (ZAP). */
const ADDRESS = "inproc://zeromq.zap.01";

/** How long the address may take to become free, in ms, after the last listener of before was closed. */
const BIND_MS = 2000;

/** What is behind the door: whether there is room, and who is told of those who do not get in. */
export interface Hall {
  hasRoom(): boolean;
  refused(reason: string): void;
}

/** A listener, as the handler knows it. */
interface Guarded {
  readonly keys: ListenKeys;
  readonly hall: Hall;
  /** The self-test's keys: to be refused like any stranger's, and not to be talked about. */
  readonly expected: Set<string>;
}

/** By domain, of which each listener has its own: what one listener allows is nothing to another. */
const guarded = new Map<string, Guarded>();
let handler: zmq.Reply | undefined;
let starting: Promise<void> | undefined;
let domains = 0;

/** Secured sockets have a context of their own: its handler is asked about no other sockets of this process. */
let context: zmq.Context | undefined;
export function secureContext(): zmq.Context {
  context ??= new (zeromq().Context)();
  return context;
}

/** Has the handler look after a listener. Resolves when it does: a socket must not be bound before. */
export async function guard(keys: ListenKeys, hall: Hall) {
  const domain = `zmqpipeline-${++domains}`;
  const expected = new Set<string>();
  guarded.set(domain, { keys, hall, expected });
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
      // The socket before may still be there, in a thread of libzmq's.
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

/** Yes, no for good, and not now: a client tries again after that. */
type Status = "200" | "400" | "500";

function decide(request: readonly Buffer[]): (string | Uint8Array)[] {
  const [version = "1.0", id = "", domain, address, , mechanism, key] = request;
  const isAsked = String(mechanism) === "CURVE" && key?.length === 32;
  const status = isAsked ? statusOf(String(domain), encodeCurveKey(key), String(address)) : "400";
  return [version, id, status, "", "", ""];
}

function statusOf(domain: string, publicKey: string, address: string): Status {
  const listener = guarded.get(domain);
  if (listener === undefined) return "400";
  const { keys, hall, expected } = listener;
  if (!keys.allows(publicKey)) {
    if (!expected.delete(publicKey))
      hall.refused(`the key ${keyFingerprint(publicKey)} of ${address} is not on the list`);
    return "400";
  }
  if (hall.hasRoom()) return "200";
  hall.refused(`there is no room for ${address}: there are as many connections as maxConnections allows`);
  return "500";
}
