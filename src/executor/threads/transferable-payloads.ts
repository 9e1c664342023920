import { OWN_FRAME_BYTES } from "../../protocol/limits.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";

/** Payloads in buffers of their own, which `postMessage` can transfer to another thread without a copy. */
export interface TransferablePayloads {
  readonly sizes: readonly number[];
  /** All small payloads, concatenated. */
  readonly small: Uint8Array<ArrayBuffer>;
  /** Payloads of at least `OWN_FRAME_BYTES`, each in its own buffer. */
  readonly large: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Lays payloads out for another thread. Each is copied once: a payload from a socket or an encoder lies in memory that Node cannot
 * transfer, or that other payloads share.
 */
export function toTransferable(payloads: readonly Uint8Array[]): TransferablePayloads {
  const large: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  for (const { length } of payloads) if (length < OWN_FRAME_BYTES) total += length;
  const small = new Uint8Array(total);
  let offset = 0;
  const sizes = payloads.map((payload) => {
    if (payload.length >= OWN_FRAME_BYTES) {
      large.push(new Uint8Array(payload));
    } else {
      small.set(payload, offset);
      offset += payload.length;
    }
    return payload.length;
  });
  return { sizes, small, large };
}

/** The transfer list for `postMessage`. */
export function transferList({ small, large }: TransferablePayloads): ArrayBuffer[] {
  return [small.buffer, ...large.map(({ buffer }) => buffer)];
}

export function fromTransferable({ sizes, small, large }: TransferablePayloads): Uint8Array[] {
  let offset = 0;
  let next = 0;
  return sizes.map((size) => {
    if (size === 0) return EMPTY;
    if (size >= OWN_FRAME_BYTES) return large[next++] ?? EMPTY;
    offset += size;
    return small.subarray(offset - size, offset);
  });
}
