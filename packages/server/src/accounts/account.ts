import type { VirtualPath } from "@sallyport/protocol";

/** What may be done to entries at or below a path; the rule with the longest matching path decides alone. */
export interface PathPermissions {
  readonly path: VirtualPath;
  readonly allow: ReadonlySet<PathAction>;
}

export type PathAction =
  | "list"
  | "read"
  | "create"
  | "overwrite"
  | "append"
  | "delete"
  | "rename"
  | "make-directory"
  | "remove-directory"
  | "set-attributes"
  | "link";

export const everyPathAction: ReadonlySet<PathAction> = new Set([
  "list",
  "read",
  "create",
  "overwrite",
  "append",
  "delete",
  "rename",
  "make-directory",
  "remove-directory",
  "set-attributes",
  "link",
]);

/** Where TLS is demanded. */
export type TlsRequirement = "login,data" | "login" | "data" | "none";

/** Whether a data connection must resume the TLS of its control connection. */
export type DataResumption = "off" | "offer" | "adaptive" | "require";

/** What an upload over TLS that ends without close_notify means. */
export type UncleanDataClose = "refuse" | "accept";

/** Who logged in, and what this login may do. Values that are absent fall back to the listener's. */
export interface Account {
  /** Unique; shown in logs, owner of interrupted uploads. */
  readonly name: string;
  /** The directory of the server's storage that is this login's root. */
  readonly home: VirtualPath;
  /**
   * In the login's own paths. Where no rule matches, everything is allowed; a rule for `/` changes that. So an empty list
   * allows everything.
   */
  readonly permissions: readonly PathPermissions[];
  readonly readOnly: boolean;
  readonly anonymous: boolean;
  /** Octets that may lie below the home, interrupted uploads included. */
  readonly quotaBytes?: number;
  readonly connectionsMax?: number;
  readonly uploadBytesPerSecond?: number;
  readonly downloadBytesPerSecond?: number;
  readonly requireTls?: TlsRequirement;
  readonly dataResumption?: DataResumption;
  readonly uncleanDataClose?: UncleanDataClose;
  /** `login`: a mapped certificate replaces the password (232); `required`: both are needed. */
  readonly clientCertificate?: "off" | "login" | "required";
  /** `login`: a Kerberos principal that may have the account replaces the password (232); `required`: nothing else does. */
  readonly gssapi?: "off" | "login" | "required";
}
