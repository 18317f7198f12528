import { createHash } from "node:crypto";
import { cryptBase64 } from "./crypt-base64.ts";

/**
 * Computes the MD5-based crypt of FreeBSD (`$1$`) or Apache (`$apr1$`), which differ by their magic alone. Only the
 * magic and the salt of `setting` count, so that a whole hash may be given. Takes about a millisecond.
 */
export function md5Crypt(password: string, setting: string): string {
  const [, magicName = "", saltText = ""] = setting.split("$");
  const magic = `$${magicName}$`;
  const key = Buffer.from(password, "utf8");
  const salt = Buffer.from(saltText, "utf8").subarray(0, 8);

  const inner = md5(key, salt, key);
  const outer = createHash("md5").update(key).update(magic).update(salt).update(repeated(inner, key.length));
  const firstOctet = key.subarray(0, 1);
  const zero = Buffer.alloc(1);
  // The original loops over the bits of the length and takes the password's first octet where it meant the digest's.
  for (let bits = key.length; bits > 0; bits >>>= 1) outer.update((bits & 1) === 1 ? zero : firstOctet);

  let digest = outer.digest();
  for (let round = 0; round < 1000; round++) {
    const odd = round % 2 === 1;
    const parts = [odd ? key : digest];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(key);
    parts.push(odd ? digest : key);
    digest = md5(...parts);
  }
  return `${magic}${salt.toString("utf8")}$${cryptBase64(digest, md5Order)}`;
}

const md5Order = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]];

function md5(...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function repeated(octets: Buffer<ArrayBuffer>, length: number): Buffer<ArrayBuffer> {
  return Buffer.alloc(length, octets);
}
