/**
 * TLS as the simulation has it: records without cryptography. What matters here is kept: a handshake of three flights
 * that can fail, records that clear octets cannot pass for, and an end that a FIN cannot pass for.
 */
export const recordKinds = { hello: 0x16, finished: 0x18, data: 0x17, closeNotify: 0x15, alert: 0x19 } as const;

export type RecordKind = keyof typeof recordKinds;

const kindOf = new Map<number, RecordKind>(
  Object.entries(recordKinds).map(([kind, octet]) => [octet, kind as RecordKind]),
);
const markOctet = 0xe5;
const payloadMax = 512;

export function sealed(kind: RecordKind, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const pieces: number[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += payloadMax) {
    const piece = payload.subarray(at, at + payloadMax);
    pieces.push(recordKinds[kind], markOctet, piece.length >> 8, piece.length & 255, ...piece, sumOf(piece));
  }
  return Uint8Array.from(pieces);
}

/** Takes records out of octets in whatever pieces they come. */
export class Opener {
  #octets = new Uint8Array(0);

  get isEmpty(): boolean {
    return this.#octets.length === 0;
  }

  push(input: Uint8Array): ({ kind: RecordKind; payload: Uint8Array } | "broken")[] {
    const octets = new Uint8Array(this.#octets.length + input.length);
    octets.set(this.#octets);
    octets.set(input, this.#octets.length);
    const found: ({ kind: RecordKind; payload: Uint8Array } | "broken")[] = [];
    let at = 0;
    while (at < octets.length) {
      const kind = kindOf.get(octets[at] ?? 0);
      const length = ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0);
      if (kind === undefined || (octets[at + 1] ?? markOctet) !== markOctet || length > payloadMax)
        return [...found, "broken"];
      if (octets.length < at + 5 + length) break;
      const payload = octets.slice(at + 4, at + 4 + length);
      if (octets[at + 4 + length] !== sumOf(payload)) return [...found, "broken"];
      found.push({ kind, payload });
      at += 5 + length;
    }
    this.#octets = octets.slice(at);
    return found;
  }
}

/** Stands for the record's authentication. */
function sumOf(octets: Uint8Array): number {
  let sum = 7;
  for (const octet of octets) sum = (sum * 31 + octet) & 255;
  return sum;
}
