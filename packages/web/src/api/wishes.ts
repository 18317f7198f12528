/** What a person may want of a connection beyond where it goes and who signs in. Everything has a safe default. */
export interface ConnectionWishes {
  /** Named to servers with several hosts (HOST, RFC 7151). */
  readonly virtualHost?: string | undefined;
  /** For servers that ask for ACCT. */
  readonly account?: string | undefined;
  /** A command line that goes in place of USER. */
  readonly insteadOfUser?: string | undefined;
  /** Command lines that each control connection begins with. */
  readonly afterLogin?: readonly string[] | undefined;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** The name that TLS names and that the certificate has to be for, where it is not the host. */
  readonly servername?: string | undefined;
  /** Whether data connections must resume the TLS of their control connection. */
  readonly resumption?: "prefer" | "require" | "off" | undefined;
  /** `small` offers older key exchanges alone, for servers and firewalls that choke on a large hello. */
  readonly groups?: "default" | "small" | undefined;
  /** PEM of authorities that vouch for this server, in the place of those that the gateway trusts. */
  readonly authority?: string | undefined;
  /** PEM of a certificate of the person's own, and its key. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  /** `C` leaves files in clear. */
  readonly dataProtection?: "P" | "C" | undefined;
  /** Ends TLS on the control connection after the login (CCC). */
  readonly clearControl?: boolean | undefined;
  /** Logs in by the ticket of the gateway, where it lends it (AUTH GSSAPI). */
  readonly kerberos?: boolean | undefined;
  readonly authFirst?: "TLS" | "SSL" | undefined;
  /** Where this gateway permits it: `socks5://…` or `http://…`. */
  readonly proxy?: string | undefined;
  /** Of names: `auto`, `utf-8`, or the label of a legacy encoding. */
  readonly encoding?: string | undefined;
  /** Of the server's clock. */
  readonly timeZone?: string | undefined;
  readonly compression?: "off" | "auto" | "on" | undefined;
  /** Control connections at most. */
  readonly connections?: number | undefined;
  /** Octets in a second, of all transfers together. */
  readonly limitRate?: number | undefined;
  /** Seconds until a server that says nothing is given up. */
  readonly patienceSeconds?: number | undefined;
}

/** What this gateway lets its visitors wish for. */
export interface GatewayOffer {
  readonly proxies: boolean;
  /** Whether its Kerberos ticket may be used. */
  readonly kerberos?: boolean | undefined;
}
