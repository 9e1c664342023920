// decoding.ts NAME: decodes the largest payload of a kind, or a message, a few times, and prints how much of the processor's time the main thread took
// for each, in ms. The first time is with cold code, as a role meets it.
import { readFileSync } from "node:fs";
import { MAX_PAYLOAD_BYTES } from "../../src/protocol/limits.ts";
import { decodeValue } from "../../src/protocol/payload/payload.ts";
import { scanPayload } from "../../src/protocol/payload/payload-scan.ts";
import { decodeMessage } from "../../src/protocol/wire/codec.ts";
import { MESSAGES, PAYLOADS } from "../support/decode-cases.ts";

const TIMES = 5;

function isTaken(bytes: Buffer): boolean {
  try {
    scanPayload(bytes);
    return bytes.length <= MAX_PAYLOAD_BYTES;
  } catch {
    return false;
  }
}

/** The largest payload of a kind that is decoded, but for 2 %. */
function largest(make: (count: number) => Buffer): [count: number, bytes: Buffer] {
  const perCount = (make(1001).length - make(1).length) / 1000;
  const most = Math.ceil(MAX_PAYLOAD_BYTES / perCount) + 1;
  let taken = 1;
  let refused = most;
  while (refused - taken > 1 + taken / 50) {
    const middle = refused < most ? Math.ceil((taken + refused) / 2) : Math.min(taken * 4, refused - 1);
    if (isTaken(make(middle))) taken = middle;
    else refused = middle;
  }
  return [taken, make(taken)];
}

/** The main thread's time on a processor, in ms. Other processes and other threads do not change it. */
function onProcessor(): number {
  return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
}

function times(decode: () => unknown): number[] {
  globalThis.gc?.(); // what was made to find the payload is none of the decoder's garbage
  return Array.from({ length: TIMES }, () => {
    const start = onProcessor();
    decode();
    return onProcessor() - start;
  });
}

const [, , name = ""] = process.argv;
const make = PAYLOADS[name];
const message = MESSAGES[name];
if (make !== undefined) {
  const [count, bytes] = largest(make);
  console.log(JSON.stringify({ count, bytes: bytes.length, ms: times(() => decodeValue(bytes)) }));
} else if (message !== undefined) {
  const frames = message();
  const bytes = frames.reduce((sum, { length }) => sum + length, 0);
  console.log(JSON.stringify({ count: frames.length, bytes, ms: times(() => decodeMessage(frames)) }));
} else throw new Error(`There is no case ${JSON.stringify(name)}`);
