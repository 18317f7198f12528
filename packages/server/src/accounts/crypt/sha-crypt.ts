import { createHash } from "node:crypto";
import { cryptBase64 } from "./crypt-base64.ts";

/**
 * Computes SHA-crypt (Drepper, "Unix crypt using SHA-256 and SHA-512", 2007): `$5$` or `$6$`, as `setting` says, which
 * may be a whole hash. 5000 rounds unless it says otherwise; the caller bounds them.
 */
export function shaCrypt(password: string, setting: string): string {
  const parts = setting.split("$");
  const variant = parts[1] === "5" ? sha256Variant : sha512Variant;
  const roundsText = /^rounds=(\d+)$/.exec(parts[2] ?? "")?.[1];
  const rounds = Math.min(Math.max(Number(roundsText ?? 5000), 1000), 999_999_999);
  const key = Buffer.from(password, "utf8");
  const salt = Buffer.from((roundsText === undefined ? parts[2] : parts[3]) ?? "", "utf8").subarray(0, 16);

  const first = firstDigest(variant.algorithm, key, salt);
  const keySequence = sequence(variant.algorithm, key, key.length, key.length);
  const saltSequence = sequence(variant.algorithm, salt, 16 + (first[0] ?? 0), salt.length);
  let digest = first;
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1;
    const hash = createHash(variant.algorithm).update(odd ? keySequence : digest);
    if (round % 3 !== 0) hash.update(saltSequence);
    if (round % 7 !== 0) hash.update(keySequence);
    digest = hash.update(odd ? digest : keySequence).digest();
  }
  const prefix = roundsText === undefined ? "" : `rounds=${rounds}$`;
  return `$${variant.id}$${prefix}${salt.toString("utf8")}$${cryptBase64(digest, variant.order)}`;
}

interface Variant {
  readonly id: "5" | "6";
  readonly algorithm: "sha256" | "sha512";
  readonly order: readonly (readonly number[])[];
}

/** The published octet orders: three columns a third of the digest apart, rotated from group to group. */
const sha256Variant: Variant = {
  id: "5",
  algorithm: "sha256",
  order: [...rotatedGroups(10, 2), [31, 30]],
};
const sha512Variant: Variant = {
  id: "6",
  algorithm: "sha512",
  order: [...rotatedGroups(21, 1), [63]],
};

function rotatedGroups(count: number, step: 1 | 2): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const columns = [index, index + count, index + 2 * count];
    const start = (index * step) % 3;
    return [...columns.slice(start), ...columns.slice(0, start)];
  });
}

/** Steps 1 to 12 of the specification. */
function firstDigest(algorithm: string, key: Buffer, salt: Buffer): Buffer {
  const inner = createHash(algorithm).update(key).update(salt).update(key).digest();
  const outer = createHash(algorithm).update(key).update(salt).update(Buffer.alloc(key.length, inner));
  for (let bits = key.length; bits > 0; bits >>>= 1) outer.update((bits & 1) === 1 ? inner : key);
  return outer.digest();
}

/** Steps 13 to 20: the digest of `repetitions` copies, repeated to a length. */
function sequence(algorithm: string, octets: Buffer, repetitions: number, length: number): Buffer {
  const hash = createHash(algorithm);
  for (let copy = 0; copy < repetitions; copy++) hash.update(octets);
  return Buffer.alloc(length, hash.digest());
}
