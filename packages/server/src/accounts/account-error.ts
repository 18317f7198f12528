import { SallyportError } from "@sallyport/protocol";

/** What kept an account from being made, changed or checked. */
export type AccountErrorKind =
  | "exists"
  | "not-found"
  | "name-not-allowed"
  | "password-not-allowed"
  | "hash-not-allowed"
  | "value-not-allowed"
  | "busy"
  | "failed";

/** An account could not be made, changed or checked; neither passwords nor hashes are in the message. */
export class AccountError extends SallyportError {
  readonly kind: AccountErrorKind;

  constructor(kind: AccountErrorKind, message: string, options?: ErrorOptions) {
    super(`SALLYPORT_ACCOUNT_${kind.toUpperCase().replaceAll("-", "_")}`, message, options);
    this.kind = kind;
  }
}
