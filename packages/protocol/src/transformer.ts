import type { Octets } from "./octets.ts";

/** Turns the octets of a local file into those of the data connection, piece by piece. */
export interface TransferEncoder {
  /** Encodes the next piece. The result holds until the next call and may be a view of the input. */
  push(input: Uint8Array): Uint8Array;
  /** Puts a restart marker between the octets before and after it. Absent where the mode has none. */
  mark?(marker: Octets): Uint8Array;
  /** Ends the file. */
  end(): Uint8Array;
}

/** What a decoder makes of its input, in the order of the stream. */
export type DecodedPart =
  /** Octets of the local file; they hold until the next part is asked for. */
  | { readonly kind: "data"; readonly octets: Uint8Array }
  /**
   * A restart marker of the peer's: everything before it has been given out. `receivedOctets` counts the octets of the
   * representation type that came before it, the offset that REST uses.
   */
  | { readonly kind: "marker"; readonly marker: Octets; readonly receivedOctets: number }
  /** The peer doubts the data that follow. */
  | { readonly kind: "suspect" }
  /** The file is complete. Octets behind it in the same stream are a failure that comes after this part. */
  | { readonly kind: "end" }
  /** The stream broke the rules; nothing more comes. */
  | { readonly kind: "failure"; readonly failure: TransferFailure };

/** How a stream can break the rules of its mode. */
export type TransferFailure =
  /** The data connection closed before the end that the mode demands. */
  | "missing-end"
  | "data-after-end"
  /** A descriptor bit or a control code that RFC 959 does not define. */
  | "unknown-control"
  /** A restart marker that is empty, too long, or not of printable ASCII 33–126. */
  | "bad-marker"
  /** The end of a record, and then more data, in a file without records. */
  | "unexpected-record"
  /** More output for its input than the guard admits. */
  | "expansion";

/** Turns the octets of the data connection into those of the local file, whatever pieces they arrive in. */
export interface TransferDecoder {
  /** Decodes the next piece, lazily: the input must stay as it is until the last part has been taken. */
  push(input: Uint8Array): Iterable<DecodedPart>;
  /** Says that the data connection ended cleanly; without this call a withheld octet or a partial record is dropped. */
  end(): Iterable<DecodedPart>;
}

/** Guards against input that grows beyond measure when it is decoded (S-24). */
export interface ExpansionGuard {
  /** Adds to both counts and tells whether their ratio is still acceptable. */
  admits(inputBytes: number, outputBytes: number): boolean;
}

/** Makes a guard that bears any ratio for the first MiB of output, so that small and honest files pass. */
export function expansionGuard(ratioMax: number, toleratedBytes = 1_048_576): ExpansionGuard {
  let [input, output] = [0, 0];
  return {
    admits: (inputBytes, outputBytes) => {
      input += inputBytes;
      output += outputBytes;
      return output <= toleratedBytes || output <= input * ratioMax;
    },
  };
}
