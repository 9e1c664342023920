import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

/** Brotli at its best: about a second per megabyte, which nobody wants to spend on each request. */
export function compress(file: string): Uint8Array {
  const content = readFileSync(file);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  return brotliCompressSync(content, { params });
}
