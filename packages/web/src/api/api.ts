/*
 * What gateway and page say to each other, as JSON. Paths are strings of `@sallyport/client`: an octet that is no
 * character is a lone surrogate, which JSON can hold and a URL cannot, so paths stand in bodies alone.
 */

import type { ConnectionWishes } from "./wishes.ts";

/** `auto` is the best TLS that the server has; only `plain` lets a password out in clear. */
export type Security = "auto" | "explicit" | "implicit" | "plain";

export interface LoginRequest {
  /** A host, `host:port`, or a URL `ftp://`, `ftpes://`, `ftps://`; without a password. */
  readonly address: string;
  readonly security: Security;
  /** Empty for `anonymous`. */
  readonly user: string;
  readonly password: string;
  /** The one key that is accepted, `sha256/BASE64`: what a person has trusted before or just now. */
  readonly pin?: string | undefined;
  readonly wishes?: ConnectionWishes | undefined;
}

export interface CertificateJson {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly validFrom: string;
  readonly validUntil: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly pin: string;
}

export interface PeerCertificateJson extends CertificateJson {
  readonly host: string;
  readonly names: readonly string[];
  readonly chain: readonly CertificateJson[];
  /** What there is to object to, the weightiest first. */
  readonly problems: readonly CertificateProblemJson[];
}

/** A code of the client, and the rest of a sentence that begins with "The certificate". */
export interface CertificateProblemJson {
  readonly code: string;
  readonly text: string;
}

export interface TlsJson {
  readonly protocol: string;
  readonly suite: string;
  readonly group?: string | undefined;
  readonly trustedBy: string;
  readonly certificate: PeerCertificateJson;
  /** Whether the latest data connection resumed the TLS of its control connection; absent before the first one. */
  readonly dataResumed?: boolean | undefined;
}

export interface LoginJson {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly security: Exclude<Security, "auto">;
  readonly tls?: TlsJson | undefined;
  /** What Kerberos knows the server as, where it protects the connection in the place of TLS. */
  readonly kerberos?: string | undefined;
  /** Where to begin. */
  readonly path: string;
  /** The first line of the greeting. */
  readonly greeting: string;
  /** Verbs of FEAT. */
  readonly features: readonly string[];
  readonly createdAt: string;
  readonly usedAt: string;
}

export interface EntryJson {
  readonly name: string;
  readonly type: "file" | "directory" | "link" | "other" | "unknown";
  /** Octets; absent where the server tells none. */
  readonly size?: number | undefined;
  /** ISO 8601; absent where the server does not tell an instant. */
  readonly modified?: string | undefined;
  readonly mode?: number | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly target?: string | undefined;
}

/** A line of a listing: entries as they come, and last how it ended. */
export type ListingLine =
  | { readonly entries: readonly EntryJson[] }
  | { readonly end: { readonly count: number } }
  | { readonly failure: ProblemJson };

/** Why something failed. */
export interface ProblemJson {
  /** `SALLYPORT_…`. */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
  /** What the server said. */
  readonly reply?: { readonly code: number; readonly text: string } | undefined;
  /** The id of what is most likely the matter, in the client's table of causes. */
  readonly cause?: string | undefined;
  /** What is most likely the matter, and what to do about it. */
  readonly explanation?: string | undefined;
  readonly advice?: readonly string[] | undefined;
  /** The same for whoever administers the server, a row for each product. */
  readonly settings?: readonly string[] | undefined;
  /** The certificate that was refused. */
  readonly certificate?: PeerCertificateJson | undefined;
  /** How many octets of an upload the server has. */
  readonly offset?: number | undefined;
}

/** What happens where a name is taken. */
export type OnConflict = "overwrite" | "skip" | "newer" | "size-differs" | "rename" | "ask";

export interface UploadRequest {
  readonly path: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, of the file as it is here. */
  readonly modifiedMs: number;
  /** `resume` goes on with the file that is there, of which the page knows that it is the beginning. */
  readonly onConflict: OnConflict | "resume";
}

export type UploadJson =
  | {
      readonly kind: "ready";
      /** Where to PATCH the rest. */
      readonly url: string;
      readonly path: string;
      /** Octets that the server has already. */
      readonly offset: number;
    }
  | { readonly kind: "taken"; readonly target: EntryJson }
  | { readonly kind: "skipped"; readonly because: string };

export interface DownloadJson {
  readonly url: string;
  readonly sizeBytes?: number | undefined;
}

export interface HashJson {
  readonly algorithm: string;
  readonly digest: string;
}

/** Copies what lies in a directory into another one, on the same server or on that of another login of this browser. */
export interface CopyRequest {
  readonly directory: string;
  readonly names: readonly string[];
  readonly toLogin: string;
  readonly toDirectory: string;
  /** Removes each from where it was once it is there whole. */
  readonly isMove: boolean;
  readonly onConflict: Exclude<OnConflict, "ask">;
}

export interface CopyJson {
  /** Under which the events of the login tell of it. */
  readonly id: string;
}

/** Looks for names below a directory. */
export interface SearchRequest {
  readonly path: string;
  /** Part of a name, in any case; `*` stands for anything between parts. */
  readonly text: string;
}

/** A line of a search: what was found as it is found, how far it is, and last how it ended. */
export type SearchLine =
  | { readonly found: readonly FoundJson[]; readonly seen: number }
  | {
      readonly end: {
        /** Entries that were looked at. */
        readonly seen: number;
        /** Directories that the server did not show. */
        readonly unread: number;
        /** Whether the search was cut off, since there is too much. */
        readonly isCut: boolean;
      };
    }
  | { readonly failure: ProblemJson };

export interface FoundJson {
  readonly directory: string;
  readonly entry: EntryJson;
}

/** Some of what lies in a directory, folders with everything in them, as one ZIP file. */
export interface ArchiveRequest {
  readonly directory: string;
  readonly names: readonly string[];
}

/** What happens behind a login, as server-sent events. */
export type LoginEvent =
  | {
      readonly kind: "transcript";
      readonly atMs: number;
      readonly direction: "command" | "reply";
      readonly text: string;
    }
  | {
      readonly kind: "transfer";
      readonly id: string;
      readonly direction: "upload" | "download" | "copy";
      readonly path: string;
      readonly bytes: number;
      readonly total?: number | undefined;
      readonly state: "running" | "done" | "failed" | "cancelled";
      readonly problem?: ProblemJson | undefined;
    }
  | { readonly kind: "login"; readonly login: LoginJson }
  | { readonly kind: "over"; readonly because: "signed-out" | "idle" | "expired" | "closing" }
  /** The page was too slow: so many events are missing here. */
  | { readonly kind: "gap"; readonly missing: number };

/** Asks what crosses the wire in both modes of a server's TLS. */
export interface ExplanationRequest {
  readonly host: string;
  readonly explicitPort: number;
  readonly implicitPort: number;
  /** Who stands in between and takes AUTH away, and from what client. */
  readonly between: "none" | "required" | "if-available";
  /** Who logs in, inside TLS and where the certificate is verified, and fetches a listing; empty: nobody. */
  readonly user: string;
  readonly password: string;
}
