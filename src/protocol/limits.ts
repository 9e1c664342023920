/** First bytes of every message: the letters "ZQP". The protocol's version follows. */
export const MAGIC = Uint8Array.of(0x5a, 0x51, 0x50);

/** Raised with every incompatible change of the messages. A peer of another version is refused. */
export const PROTOCOL_VERSION = 9;

/** Largest encoded payload (one item, one result, metadata), in bytes: its pieces are joined, or it is decoded, in less than 50 ms. */
export const MAX_PAYLOAD_BYTES = 32 * 1024 * 1024;

/** Largest frame, in bytes: an envelope with its fields and small payloads. libzmq drops a peer that announces a larger one. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** Largest message, in bytes, all frames together. A batch ends at `BATCH_BYTES`, so only its last item can be large. */
export const MAX_MESSAGE_BYTES = MAX_PAYLOAD_BYTES + MAX_FRAME_BYTES;

/** Most items in one message: a larger batch is no faster, and delays its first item. */
export const BATCH_ITEMS = 512;

/**
 * Larger payloads travel in pieces of this many bytes, each a frame. A peer counts as dead when no frame of it has arrived whole for 4 s, so
 * this bounds how slow a connection may be: 0.13 Mbit/s.
 */
export const PIECE_BYTES = 64 * 1024;

/** Most frames in one message: the envelope, for each item its own frame and one of small items before it, and the pieces of large ones. */
export const MAX_FRAMES = 2 * BATCH_ITEMS + 2 + Math.ceil(MAX_MESSAGE_BYTES / PIECE_BYTES);

/** Most requests in one message: fewer than items, so that a worker starts the first ones while the others are on their way. */
export const REQUEST_BATCH_ITEMS = 128;

/** A batch is closed once its payloads reach this many bytes. */
export const BATCH_BYTES = 256 * 1024;

/** Payloads of at least this many bytes travel in frames of their own instead of being copied into a shared one. */
export const OWN_FRAME_BYTES = 32 * 1024;

/** Deepest nesting of a payload, when encoding and when decoding. */
export const MAX_DEPTH = 100;

/** Longest error message and longest stack in a failure, in UTF-16 units. */
export const MAX_ERROR_TEXT = 16 * 1024;

/** Largest encoded detail of an error, in bytes: causes, errors and own properties together. */
export const MAX_ERROR_DETAIL_BYTES = 64 * 1024;

/** Largest sequence number: the zigzag difference of any two is then a safe integer. */
export const MAX_SEQ = 2 ** 52 - 1;

/** Largest number of an attempt: far beyond what is reached, and small enough to count on from it. */
export const MAX_ATTEMPT = 2 ** 32 - 1;

/** Longest name (task type, worker id) on the wire, in bytes. */
export const MAX_NAME_BYTES = 255;

/** Longest trace context, in bytes: W3C's limits for `traceparent`, `tracestate` and `baggage`, and room for their names. */
export const MAX_CONTEXT_BYTES = 10_000;

/** Longest path of a Unix socket in bytes: the kernel's limit less the terminating zero. */
export const MAX_IPC_PATH_BYTES = process.platform === "darwin" ? 103 : 107;
