import { OWN_FRAME_BYTES } from "../limits.ts";
import { ProtocolError } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

/**
 * Arranges a message in frames. Consecutive small payloads are copied into a shared frame, the first ones into the envelope's. A large
 * payload has a frame of its own and is not copied. {@link unpackPayloads} finds the payloads by their sizes in the envelope.
 */
export function packFrames(envelope: ByteWriter, payloads: readonly Uint8Array[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let small: ByteWriter | undefined = envelope;
  for (const payload of payloads) {
    if (payload.length === 0) continue;
    if (payload.length < OWN_FRAME_BYTES) {
      small ??= new ByteWriter(payload.length);
      small.raw(payload);
    } else {
      if (small !== undefined) frames.push(small.finish());
      small = undefined;
      frames.push(payload);
    }
  }
  if (small !== undefined) frames.push(small.finish());
  return frames;
}

/** Splits frames into payloads of the given sizes. A payload must not span frames, and no byte may be left over. */
export function unpackPayloads(frames: readonly Uint8Array[], sizes: readonly number[]): Uint8Array[] {
  let frameIndex = 0;
  let offset = 0;
  const payloads = sizes.map((size) => {
    if (size === 0) return EMPTY;
    const frame = frames[frameIndex];
    if (frame === undefined || size > frame.length - offset)
      throw new ProtocolError("Payload is not in its frame");
    const payload = frame.subarray(offset, offset + size);
    offset += size;
    if (offset === frame.length) {
      frameIndex += 1;
      offset = 0;
    }
    return payload;
  });
  if (frameIndex !== frames.length) throw new ProtocolError("Message has bytes that belong to no payload");
  return payloads;
}

export const EMPTY = new Uint8Array(0);
