/** The two codecs that Node and every browser share; the rest of this package uses the language alone. */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(octets: Uint8Array): string;
}
