import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { decodeCurveKey, encodeCurveKey } from "../protocol/curve-key.ts";

/** A Curve25519 key pair for CURVE (https://rfc.zeromq.org/spec/26/). Each key is 40 characters of Z85. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

export function generateKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  return { publicKey: encode(publicKey, "x"), secretKey: encode(privateKey, "d") };
}

/** Whether a public key belongs to a secret one. */
export function isKeyPair({ publicKey, secretKey }: KeyPair): boolean {
  const key = createPrivateKey({ format: "der", type: "pkcs8", key: pkcs8(secretKey) });
  return encode(createPublicKey(key), "x") === publicKey;
}

function encode(key: KeyObject, part: "x" | "d"): string {
  const text = key.export({ format: "jwk" })[part];
  return encodeCurveKey(Buffer.from(text ?? "", "base64url"));
}

/** Encodes a secret key in PKCS #8 (RFC 8410): a fixed prefix, then the key's 32 bytes. */
function pkcs8(secretKey: string): Buffer {
  const beginning = Buffer.from("302e020100300506032b656e04220420", "hex");
  return Buffer.concat([beginning, decodeCurveKey(secretKey) ?? Buffer.alloc(0)]);
}
