/** One value in DER (ITU-T X.690 §8.1). */
export interface DerValue {
  /** Identifier octet: class, form and number; 0x30 is a SEQUENCE, 0xa0 the first of a context. */
  readonly tag: number;
  /** The content without identifier and length. */
  readonly content: Buffer;
  /** The value as a whole. */
  readonly octets: Buffer;
}

/** Reads the values that stand one behind the other; those before the first that is cut or odd. Never throws. */
export function derValues(octets: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < octets.length;) {
    const value = valueAt(octets, at);
    if (value === undefined) break;
    values.push(value);
    at += value.octets.length;
  }
  return values;
}

/** The values inside the first value. */
export function derContent(octets: Buffer): readonly DerValue[] {
  const [outer] = derValues(octets);
  return outer === undefined ? [] : derValues(outer.content);
}

/** An object identifier in dots, as 2.5.29.15. */
export function identifierText(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f);
    if ((octet & 0x80) !== 0) continue;
    // The first octets carry the first two arcs, of which the first is 0, 1 or 2.
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - first * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join(".");
}

function valueAt(octets: Buffer, at: number): DerValue | undefined {
  const tag = octets[at];
  const first = octets[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const start = at + 2 + lengthBytes;
  // An indefinite length is not DER, and nothing read here is longer than four octets can say.
  if (first === 0x80 || lengthBytes > 4 || start > octets.length) return undefined;
  const length = lengthBytes === 0 ? first : octets.readUIntBE(at + 2, lengthBytes);
  if (start + length > octets.length) return undefined;
  return { tag, content: octets.subarray(start, start + length), octets: octets.subarray(at, start + length) };
}
