import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

/** Compresses with the highest quality of Brotli: about a second per megabyte, too long for each request. */
export function compress(file: string): Uint8Array {
  const content = readFileSync(file);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  return brotliCompressSync(content, { params });
}
