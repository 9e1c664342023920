import type * as zmq from "zeromq";
import type { Intake } from "./intake.ts";

/** How long messages are taken, or handled, without a turn of the event loop, in ms: a peer that floods a role must not keep it from its timers. */
const SLICE_MS = 10;

/** How long a role may be behind until messages are taken ahead, in ms. */
const BEHIND_MS = 200;

/**
 * Where more has been coming than could be taken for this long, in ms, hardly anything is handled until nothing waits. Honest peers wait for answers to
 * what they have sent, so that happens soon, however busy the role is.
 */
const HURRY_MS = 1000;

/** How long messages are handled in each turn then, in ms. */
const HURRIED_SLICE_MS = 1;

/** How long more may come than can be taken, in ms. */
const MAX_BEHIND_MS = 5000;

/** Hands over what arrives at a socket until it is closed. */
export async function readFrames(
  socket: zmq.Router | zmq.Dealer,
  receive: (frames: Buffer[]) => void,
): Promise<void> {
  await readInSlices(socket, receive, async () => {});
}

/**
 * Hands over what arrives at a ROUTER socket until it is closed.
 *
 * @param onOverrun - Called where more comes, for seconds, than can be taken from the socket, whatever becomes of it.
 */
export async function readAll(
  socket: zmq.Router,
  intake: Intake,
  receive: (frames: Buffer[]) => void,
  onOverrun: () => void,
): Promise<void> {
  let caughtUpAt = performance.now();
  await readInSlices(socket, receive, async () => {
    if (!hasMore(socket)) caughtUpAt = performance.now();
    if (performance.now() - caughtUpAt <= BEHIND_MS) return;
    await catchUp(socket, intake, receive, onOverrun);
    caughtUpAt = performance.now();
  });
}

async function readInSlices(
  socket: zmq.Router | zmq.Dealer,
  receive: (frames: Buffer[]) => void,
  afterSlice: () => Promise<void>,
): Promise<void> {
  let sliceEnd = performance.now() + SLICE_MS;
  while (!socket.closed) {
    const frames = await taken(socket);
    if (frames === undefined) continue;
    receive(frames);
    if (performance.now() < sliceEnd) {
      // Answers to the message are sent before the next receive(), which takes about as long as a send.
      await new Promise(process.nextTick);
      continue;
    }
    await new Promise(setImmediate);
    await afterSlice();
    sliceEnd = performance.now() + SLICE_MS;
  }
}

/** Takes and handles messages in turns until nothing waits. */
async function catchUp(
  socket: zmq.Router,
  intake: Intake,
  receive: (frames: Buffer[]) => void,
  onOverrun: () => void,
): Promise<void> {
  let emptyAt = performance.now();
  for (let isEmpty = false; !(socket.closed || (isEmpty && intake.size === 0)); ) {
    let sliceEnd = performance.now() + SLICE_MS;
    while (hasMore(socket) && performance.now() < sliceEnd) {
      const frames = await taken(socket);
      if (frames !== undefined) intake.push(frames);
    }
    isEmpty = !hasMore(socket);
    const isInHurry = performance.now() - emptyAt > HURRY_MS;
    sliceEnd = performance.now() + (isInHurry ? HURRIED_SLICE_MS : SLICE_MS);
    for (let frames = intake.shift(); frames !== undefined; frames = intake.shift()) {
      receive(frames);
      if (performance.now() >= sliceEnd) break;
      await new Promise(process.nextTick);
    }
    await new Promise(setImmediate);
    if (isEmpty) emptyAt = performance.now();
    else if (performance.now() - emptyAt > MAX_BEHIND_MS) return onOverrun();
  }
}

function hasMore(socket: zmq.Router | zmq.Dealer): boolean {
  return !socket.closed && socket.readable;
}

/** @returns Nothing when the socket was closed, or is being bound or unbound. */
async function taken(socket: zmq.Router | zmq.Dealer): Promise<Buffer[] | undefined> {
  try {
    return await socket.receive();
  } catch (error) {
    if (socket.closed) return undefined;
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    await new Promise(setImmediate);
    return undefined;
  }
}
