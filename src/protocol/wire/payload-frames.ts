import { OWN_FRAME_BYTES, PIECE_BYTES } from "../limits.ts";
import { ProtocolError } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

/**
 * Arranges a message in frames. Consecutive small payloads are copied into a shared frame, the first ones into the envelope's. A large
 * payload has frames of its own and is not copied: it is cut into pieces, because libzmq takes a peer for dead that does not finish a frame
 * in time. {@link unpackPayloads} finds the payloads by their sizes in the envelope.
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
      for (let start = 0; start < payload.length; start += PIECE_BYTES)
        frames.push(payload.subarray(start, start + PIECE_BYTES));
    }
  }
  if (small !== undefined) frames.push(small.finish());
  return frames;
}

/**
 * Splits frames into payloads of the given sizes: the frames are one run of bytes, in which the payloads follow each other. A payload within
 * a frame is a view of it; one in several frames is copied together.
 *
 * @throws ProtocolError when bytes are missing or left over.
 */
export function unpackPayloads(frames: readonly Uint8Array[], sizes: readonly number[]): Uint8Array[] {
  let frameIndex = 0;
  let offset = 0;
  /** The next bytes of the frame that is read: as many as wanted, or the rest of it. */
  const take = (most: number): Uint8Array => {
    const frame = frames[frameIndex];
    if (frame === undefined) throw new ProtocolError("Message ends within a payload");
    const bytes = frame.subarray(offset, offset + most);
    offset += bytes.length;
    if (offset === frame.length) {
      frameIndex += 1;
      offset = 0;
    }
    return bytes;
  };
  const payloads = sizes.map((size) => {
    if (size === 0) return EMPTY;
    const first = take(size);
    if (first.length === size) return first;
    const pieces = [first];
    for (let left = size - first.length; left > 0; ) {
      const piece = take(left);
      pieces.push(piece);
      left -= piece.length;
    }
    // The sum of the pieces: what a sender claims is never allocated before its bytes are here.
    return Buffer.concat(pieces, size);
  });
  if (frameIndex !== frames.length) throw new ProtocolError("Message has bytes that belong to no payload");
  return payloads;
}

export const EMPTY = new Uint8Array(0);
