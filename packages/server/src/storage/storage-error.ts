import { SallyportError } from "@sallyport/protocol";

/** What went wrong, in the words that the reply table understands. */
export type StorageErrorKind =
  | "not-found"
  | "exists"
  | "not-a-directory"
  | "is-a-directory"
  | "not-empty"
  | "denied"
  | "read-only"
  | "name-not-allowed"
  | "no-space"
  | "quota-exceeded"
  | "busy"
  | "too-many-open-files"
  | "incomplete"
  | "not-seekable"
  | "out-of-range"
  | "unsupported"
  | "failed";

/** A storage could not do what was asked. */
export class StorageError extends SallyportError {
  readonly kind: StorageErrorKind;

  constructor(kind: StorageErrorKind, message: string, options?: ErrorOptions) {
    super(`SALLYPORT_STORAGE_${kind.toUpperCase().replaceAll("-", "_")}`, message, options);
    this.kind = kind;
  }
}
