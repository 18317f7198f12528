import { createDecipheriv, createHmac } from "node:crypto";
import { recordHeaderBytes, suiteName, type TlsRecord } from "@sallyport/protocol";

/** How records under one key are opened. */
export interface RecordCipher {
  /** The content of a record with that sequence number and where it stands in the fragment; undefined for another key's. */
  open(record: TlsRecord, sequence: number): { readonly plain: Buffer; readonly contentAt: number } | undefined;
}

interface Aead {
  readonly name: "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";
  readonly keyBytes: number;
}

type Hash = "sha256" | "sha384";

/**
 * The cipher under one secret of TLS 1.3 (RFC 8446 §7.3); undefined for suites that are no AEAD of the kind, which the
 * OpenSSL of Node never offers by itself (CCM).
 */
export function cipherOfSecret(secret: Buffer, suite: number): RecordCipher | undefined {
  const aead = aeadOf(suite);
  if (aead === undefined) return undefined;
  const key = expandLabel(secret, "key", aead.keyBytes, suite);
  const iv = expandLabel(secret, "iv", nonceBytes, suite);
  return {
    open: (record, sequence) => {
      const plain = decrypt(
        aead,
        { key, nonce: xorSequence(iv, sequence), associated: headerOf(record) },
        record.fragment,
      );
      return plain && { plain, contentAt: 0 };
    },
  };
}

/** The secret that follows after a KeyUpdate (RFC 8446 §7.2). */
export function updatedSecret(secret: Buffer, suite: number): Buffer {
  return expandLabel(secret, "traffic upd", secret.length, suite);
}

/** Both directions' ciphers of TLS 1.2 under one master secret (RFC 5246 §6.3); undefined for suites with CBC. */
export function ciphersOfMaster(
  master: Buffer,
  randoms: { readonly client: string; readonly server: string },
  suite: number,
): { readonly client: RecordCipher; readonly server: RecordCipher } | undefined {
  const aead = aeadOf(suite);
  if (aead === undefined) return undefined;
  const isGcm = aead.name !== "chacha20-poly1305";
  const ivBytes = isGcm ? saltBytes : nonceBytes;
  const seed = Buffer.concat([
    Buffer.from("key expansion"),
    Buffer.from(randoms.server, "hex"),
    Buffer.from(randoms.client, "hex"),
  ]);
  const block = pseudorandom(master, seed, 2 * (aead.keyBytes + ivBytes), hashOf(suite));
  const [clientKey, serverKey, clientIv, serverIv] = cut(block, [aead.keyBytes, aead.keyBytes, ivBytes, ivBytes]);
  if (!clientKey || !serverKey || !clientIv || !serverIv) return undefined;
  const cipher = (key: Buffer, iv: Buffer): RecordCipher => ({
    open: (record, sequence) => {
      const explicitBytes = isGcm ? explicitNonceBytes : 0;
      const sealed = record.fragment.subarray(explicitBytes);
      if (sealed.length < tagBytes) return undefined;
      const nonce = isGcm ? Buffer.concat([iv, record.fragment.subarray(0, explicitBytes)]) : xorSequence(iv, sequence);
      const plain = decrypt(
        aead,
        { key, nonce, associated: associatedOf(record, sequence, sealed.length - tagBytes) },
        sealed,
      );
      return plain && { plain, contentAt: explicitBytes };
    },
  });
  return { client: cipher(clientKey, clientIv), server: cipher(serverKey, serverIv) };
}

const nonceBytes = 12;
const saltBytes = 4;
const explicitNonceBytes = 8;
const tagBytes = 16;

function aeadOf(suite: number): Aead | undefined {
  const name = suiteName(suite);
  if (name.includes("AES_128_GCM")) return { name: "aes-128-gcm", keyBytes: 16 };
  if (name.includes("AES_256_GCM")) return { name: "aes-256-gcm", keyBytes: 32 };
  return name.includes("CHACHA20_POLY1305") ? { name: "chacha20-poly1305", keyBytes: 32 } : undefined;
}

function hashOf(suite: number): Hash {
  return suiteName(suite).endsWith("SHA384") ? "sha384" : "sha256";
}

interface Opening {
  readonly key: Buffer;
  readonly nonce: Buffer;
  readonly associated: Buffer;
}

function decrypt(aead: Aead, { key, nonce, associated }: Opening, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < tagBytes) return undefined;
  const plaintextLength = sealed.length - tagBytes;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both kinds have the same methods
  const decipher = createDecipheriv(aead.name as "aes-128-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(associated, { plaintextLength });
  decipher.setAuthTag(sealed.subarray(plaintextLength));
  const plain = decipher.update(sealed.subarray(0, plaintextLength));
  try {
    // Of an AEAD nothing is left for the end but the check of the tag.
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function headerOf({ type, version, fragment }: TlsRecord): Buffer {
  const header = Buffer.alloc(recordHeaderBytes);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(version, 1);
  header.writeUInt16BE(fragment.length, 3);
  return header;
}

/** RFC 5246 §6.2.3.3. */
function associatedOf({ type, version }: TlsRecord, sequence: number, plaintextLength: number): Buffer {
  const associated = Buffer.alloc(13);
  writeSequence(associated, sequence, 0);
  associated.writeUInt8(type, 8);
  associated.writeUInt16BE(version, 9);
  associated.writeUInt16BE(plaintextLength, 11);
  return associated;
}

function xorSequence(iv: Buffer, sequence: number): Buffer {
  const nonce = Buffer.alloc(iv.length);
  writeSequence(nonce, sequence, iv.length - 8);
  for (let at = 0; at < iv.length; at++) nonce[at] = (nonce[at] ?? 0) ^ (iv[at] ?? 0);
  return nonce;
}

/** Eight octets; a connection that is explained ends long before its records outnumber the integers of a double. */
function writeSequence(into: Buffer, sequence: number, at: number): void {
  into.writeUInt32BE(Math.floor(sequence / 0x1_0000_0000), at);
  into.writeUInt32BE(sequence % 0x1_0000_0000, at + 4);
}

/** HKDF-Expand-Label (RFC 8446 §7.1) of no more than one output block, which is all that keys need. */
function expandLabel(secret: Buffer, label: string, length: number, suite: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(hashOf(suite), secret).update(info).digest().subarray(0, length);
}

/** P_hash of RFC 5246 §5. */
function pseudorandom(secret: Buffer, seed: Buffer, length: number, hash: Hash): Buffer {
  const blocks: Buffer[] = [];
  let round = seed;
  for (let have = 0; have < length; have += blocks.at(-1)?.length ?? length) {
    round = createHmac(hash, secret).update(round).digest();
    blocks.push(createHmac(hash, secret).update(round).update(seed).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function cut(block: Buffer, widths: readonly number[]): Buffer[] {
  let at = 0;
  return widths.map((width) => block.subarray(at, (at += width)));
}
