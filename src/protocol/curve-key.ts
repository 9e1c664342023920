import { createHash } from "node:crypto";

/** Z85's alphabet: https://rfc.zeromq.org/spec/32/ */
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

const KEY_BYTES = 32;
const KEY_CHARACTERS = 40;

/** Whether a value can be a Curve25519 key in Z85, the form that ZeroMQ takes. */
export function isCurveKey(value: unknown): value is string {
  return typeof value === "string" && decodeCurveKey(value) !== undefined;
}

/** @param key - 32 bytes. @returns 40 characters. */
export function encodeCurveKey(key: Uint8Array): string {
  const view = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  let text = "";
  for (let at = 0; at < KEY_BYTES; at += 4) {
    let value = view.readUInt32BE(at);
    let five = "";
    for (let digit = 0; digit < 5; digit++) {
      five = (ALPHABET[value % 85] ?? "") + five;
      value = Math.floor(value / 85);
    }
    text += five;
  }
  return text;
}

/** @returns 32 bytes; nothing when the text is not a key. */
export function decodeCurveKey(text: string): Buffer | undefined {
  if (text.length !== KEY_CHARACTERS) return undefined;
  const key = Buffer.alloc(KEY_BYTES);
  for (let at = 0; at < KEY_CHARACTERS; at += 5) {
    let value = 0;
    for (const character of text.slice(at, at + 5)) {
      const digit = ALPHABET.indexOf(character);
      if (digit < 0) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) return undefined;
    key.writeUInt32BE(value, (at / 5) * 4);
  }
  return key;
}

/** Identifies a public key in logs and errors: the first 16 hexadecimal digits of its SHA-256. */
export function keyFingerprint(publicKey: string): string {
  return createHash("sha256").update(publicKey).digest("hex").slice(0, 16);
}
