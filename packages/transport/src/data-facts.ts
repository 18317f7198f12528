/** What is agreed on a data connection that is ready. */
export interface DataFacts {
  readonly level: "C" | "S" | "P";
  /** Undefined at level C, and where messages protect the octets. */
  readonly tls: DataTlsFacts | undefined;
}

export interface DataTlsFacts {
  readonly role: "server" | "client";
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher suite by its IANA name. */
  readonly suite: string;
  /** The key-exchange group; known in the client's role only, Node does not tell it to servers. */
  readonly group: string | undefined;
  readonly resumed: boolean;
  /** As server: the hello brought a ticket or session ID, of whatever origin. */
  readonly helloBroughtTicket: boolean;
  /** As server: an earlier data connection of this control connection resumed. */
  readonly clientHasResumed: boolean;
  /** SHA-256 over the DER of the peer's certificate, to be compared with the control connection's (R-4217-29). */
  readonly clientCertificateFingerprint: string | undefined;
}
