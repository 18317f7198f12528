/** Representation type (RFC 959 §3.1.1): ASCII non-print, or image, to which LOCAL 8 is equal. */
export type RepresentationType = "A" | "I";

/** File structure (RFC 959 §3.1.2). */
export type FileStructure = "F" | "R";

/** Transmission mode (RFC 959 §3.4), Z as in draft-preston-ftpext-deflate. */
export type TransmissionMode = "S" | "B" | "C" | "Z";

/** Protection level of the data connection (RFC 2228 §3). */
export type ProtectionLevel = "C" | "S" | "E" | "P";

export interface TransferParameters {
  readonly type: RepresentationType;
  /** The type as the peer named it, for STAT: `A`, `I` or `L 8`. */
  readonly typeName: string;
  readonly structure: FileStructure;
  readonly mode: TransmissionMode;
}

/** RFC 959 §5.1: TYPE ASCII non-print, STRU file, MODE stream. */
export const defaultTransferParameters: TransferParameters = { type: "A", typeName: "A", structure: "F", mode: "S" };

/** Where the next transfer begins: REST (RFC 3659 §5) or RANG (draft-bryan-ftp-range); the last one sent wins. */
export type Restart =
  | { readonly kind: "none" }
  | { readonly kind: "offset"; readonly offset: bigint }
  | { readonly kind: "range"; readonly first: bigint; readonly last: bigint };
