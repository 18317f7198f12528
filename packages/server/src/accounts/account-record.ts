import { escapeControls, type LimitValues, type VirtualPath } from "@sallyport/protocol";
import type { Account, PathAction } from "./account.ts";

/**
 * What a verified client certificate must show to belong to an account: its SHA-256 fingerprint (lower-case hex), its
 * subject, or one of its DNS or e-mail alternative names (R-TLS-40).
 */
export interface CertificateMapping {
  readonly kind: "fingerprint" | "subject" | "name";
  readonly value: string;
}

/** An account as it is kept, with what decides whether it may be used at all. */
export interface StoredAccount {
  readonly account: Account;
  /** Absent: no password is right. */
  readonly passwordHash?: string;
  readonly passwordChangedMs?: number;
  readonly enabled: boolean;
  /** From this moment on (milliseconds since 1970 UTC) nobody logs in. */
  readonly expiresMs?: number;
  readonly clientCertificates: readonly CertificateMapping[];
  readonly createdMs: number;
}

/** Everything about an account that can be set; what is absent gets the default, or stays when an account is changed. */
export interface AccountValues extends Partial<Omit<Account, "name" | "anonymous" | "permissions">> {
  readonly permissions?: readonly { readonly path: VirtualPath; readonly allow: ReadonlySet<PathAction> }[];
  readonly enabled?: boolean;
  readonly expiresMs?: number;
  readonly clientCertificates?: readonly CertificateMapping[];
}

/** A new account; with neither a password nor a hash only a mapped client certificate logs in. */
export interface NewAccount extends AccountValues {
  readonly name: string;
  readonly password?: string;
  readonly passwordHash?: string;
}

/** Why a text cannot be the name of an account, in words that follow "the name", or undefined if it can. */
export function accountNameComplaint(name: string, limits: Pick<LimitValues, "accountNameBytes">): string | undefined {
  if (name === "") return "is empty";
  if (!name.isWellFormed()) return "is not valid Unicode";
  if (Buffer.byteLength(name, "utf8") > limits.accountNameBytes) {
    return `is longer than ${limits.accountNameBytes} octets`;
  }
  if (name.includes("/") || name === "." || name === "..") return "could be mistaken for a path";
  if (escapeControls(name) !== name) return "contains control characters";
  if (name.trim() !== name) return "begins or ends with white space";
  return undefined;
}

/**
 * Brings a property of a certificate into the form that is compared: a fingerprint in lower-case hex without colons, a
 * name in lower case.
 */
export function comparableMapping({ kind, value }: CertificateMapping): CertificateMapping {
  return { kind, value: comparableForms[kind](value.trim()) };
}

/** Says why a mapping in comparable form could match no certificate, or undefined if it can. */
export function mappingComplaint({ kind, value }: CertificateMapping): string | undefined {
  if (value === "" || value.length > 1024) return `a certificate's ${kind} is empty or too long`;
  const malformed = kind === "fingerprint" && !/^[0-9a-f]{64}$/.test(value);
  return malformed ? "a certificate's fingerprint must be SHA-256 in 64 hex digits" : undefined;
}

const comparableForms: Readonly<Record<CertificateMapping["kind"], (value: string) => string>> = {
  fingerprint: (value) =>
    value
      .replace(/^sha256:/i, "")
      .replaceAll(":", "")
      .toLowerCase(),
  subject: (value) => value,
  name: (value) => value.toLowerCase(),
};
