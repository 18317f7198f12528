import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

/** What a browser holds of itself, in its cookie: without it the gateway cannot read what it keeps for that browser. */
export interface VisitorKey {
  /** By which the gateway finds its half; not the cookie's own words, but of all of them, so that it proves the key. */
  readonly id: string;
  readonly key: Buffer;
}

/** A new browser's half, with the text of its cookie. */
export function newVisitorKey(): VisitorKey & { readonly cookie: string } {
  const cookie = randomBytes(cookieBytes).toString("base64url");
  const key = readVisitorKey(cookie);
  if (key === undefined) throw new Error("a new cookie is readable");
  return { ...key, cookie };
}

/** Reads a cookie; undefined for what is none of ours. */
export function readVisitorKey(cookie: string | undefined): VisitorKey | undefined {
  if (cookie === undefined || !/^[\w-]{64}$/.test(cookie)) return undefined;
  const bytes = Buffer.from(cookie, "base64url");
  if (bytes.length !== cookieBytes) return undefined;
  const id = createHash("sha256").update(bytes).digest("base64url");
  return { id, key: bytes.subarray(idBytes) };
}

/** Encrypts a secret with a browser's half (AES-256-GCM); `about` is bound to it and must be given again. */
export function seal(secret: string, key: Buffer, about: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(about));
  return Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

/** The secret, or undefined where key or `about` is another. */
export function unseal(sealed: Buffer, key: Buffer, about: string): string | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes)).setAAD(Buffer.from(about));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return undefined;
  }
}

const idBytes = 16;
const cookieBytes = idBytes + 32;
const nonceBytes = 12;
const tagBytes = 16;
