import { derContent, derValues, identifierText } from "./der.ts";

/** Extensions of a certificate that Node does not read (RFC 5280 §4.2). */
export const certificateExtensions = {
  keyUsage: "2.5.29.15",
  revocationLists: "2.5.29.31",
  features: "1.3.6.1.5.5.7.1.24",
  timestamps: "1.3.6.1.4.1.11129.2.4.2",
} as const;

/** The content of an extension's OCTET STRING; undefined where the certificate does not have it. */
export function extensionOf(certificate: Buffer, identifier: string): Buffer | undefined {
  const [signed] = derContent(certificate);
  const wrapped = signed && derValues(signed.content).find(({ tag }) => tag === extensionsTag);
  for (const { content } of wrapped ? derContent(wrapped.content) : []) {
    const parts = derValues(content);
    const [type] = parts;
    if (type !== undefined && identifierText(type.content) === identifier) return parts.at(-1)?.content;
  }
  return undefined;
}

const extensionsTag = 0xa3;

/** What a key may be used for (RFC 5280 §4.2.1.3), of which a server's handshake needs one. */
export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly keyEncipherment: boolean;
}

/** Undefined without the extension: the key may be used for everything. */
export function keyUsageOf(certificate: Buffer): KeyUsage | undefined {
  const bits = extensionOf(certificate, certificateExtensions.keyUsage);
  const [string] = bits ? derValues(bits) : [];
  if (string === undefined) return undefined;
  const first = string.content[1] ?? 0;
  return { digitalSignature: (first & 0x80) !== 0, keyEncipherment: (first & 0x20) !== 0 };
}

/** Where lists of revoked certificates are (RFC 5280 §4.2.1.13), as the certificate has it: unescaped. */
export function revocationListsOf(certificate: Buffer): readonly string[] {
  const points = extensionOf(certificate, certificateExtensions.revocationLists);
  return points === undefined
    ? []
    : [...points.toString("latin1").matchAll(/https?:\/\/[\x21-\x7e]+/g)].map(([url]) => url);
}

/** What one public log signed (RFC 6962 §3.2). */
export interface LogTimestamp {
  /** SHA-256 of the log's key, lower-case hex. */
  readonly log: string;
  readonly at: Date;
}

/** Timestamps of public logs in the certificate; empty without them, undefined where they cannot be read. */
export function timestampsOf(certificate: Buffer): readonly LogTimestamp[] | undefined {
  const extension = extensionOf(certificate, certificateExtensions.timestamps);
  if (extension === undefined) return [];
  const list = derValues(extension)[0]?.content;
  if (list === undefined || list.length < 2) return undefined;
  const timestamps: LogTimestamp[] = [];
  for (let at = 2; at + 2 <= list.length;) {
    const length = list.readUInt16BE(at);
    const entry = list.subarray(at + 2, at + 2 + length);
    if (entry.length < length || length < 41) return undefined;
    timestamps.push({ log: entry.toString("hex", 1, 33), at: new Date(Number(entry.readBigUInt64BE(33))) });
    at += 2 + length;
  }
  return timestamps;
}
