import * as fc from "fast-check";
import {
  type DecodingLimits,
  decoderFor,
  encoderFor,
  type EncodingParameters,
  type TransferDecoder,
} from "@sallyport/protocol";

/** What a decoder gave out, with data joined and everything else in its place. */
export interface Decoded {
  readonly data: string;
  /** Markers and suspicions, each with the number of octets before it. */
  readonly notes: readonly string[];
  readonly outcome: string;
}

export const limits: DecodingLimits = { markerBytesMax: 255 };

export const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

export const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");

export function latin1(octets: Uint8Array): string {
  return Buffer.from(octets).toString("latin1");
}

/** Encodes a file given in pieces. */
export function encode(parameters: EncodingParameters, pieces: readonly string[]): string {
  const encoder = encoderFor(parameters);
  if (encoder === undefined) return pieces.join("");
  return pieces.map((piece) => latin1(encoder.push(bytes(piece)))).join("") + latin1(encoder.end());
}

export function decode(
  parameters: EncodingParameters,
  pieces: readonly Uint8Array[],
  given: DecodingLimits = limits,
): Decoded {
  const decoder = decoderFor(parameters, given);
  if (decoder === undefined) return { data: pieces.map(latin1).join(""), notes: [], outcome: "end" };
  return drain(decoder, pieces);
}

function drain(decoder: TransferDecoder, pieces: readonly Uint8Array[]): Decoded {
  let data = "";
  const notes: string[] = [];
  const outcomes: string[] = [];
  for (const parts of [...pieces.map((piece) => () => decoder.push(piece)), () => decoder.end()]) {
    for (const part of parts()) {
      if (part.kind === "data") data += latin1(part.octets);
      else if (part.kind === "marker") notes.push(`${data.length} ${part.marker} after ${part.receivedOctets}`);
      else if (part.kind === "suspect") notes.push(`${data.length} suspect`);
      else outcomes.push(part.kind === "end" ? "end" : part.failure);
    }
  }
  return { data, notes, outcome: outcomes.join(" ") };
}

/** Cuts octets at the given places, whatever their order and size. */
export function cutAt(given: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (given.length + 1)).toSorted((a, b) => a - b), given.length];
  return places.slice(1).map((place, at) => given.subarray(places[at], place));
}

export const someCuts = fc.array(fc.nat(), { maxLength: 8 });

/** Octets in which runs, line ends, fillers and escapes are frequent. */
export const lumpyText: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom("\r", "\n", " ", "\0", "\xFF", "a"),
        fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)),
      ),
      fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 1, max: 200 })),
    ),
    { maxLength: 12 },
  )
  .map((runs) => runs.map(([octet, count]) => octet.repeat(count)).join(""));
