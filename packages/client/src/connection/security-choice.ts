import type { TlsError, UserPiPolicy } from "@sallyport/protocol";

/** One way in which a control connection may be protected. */
export interface SecurityCandidate {
  readonly security: UserPiPolicy["security"];
  readonly port: number;
  /** When it is tried beside those before it; at once where all of them have failed. */
  readonly afterMs: number;
  /** Tried only while the server stays silent: a port that greets speaks in clear first, and no TLS. */
  readonly onlyIfSilent: boolean;
}

export interface SecurityWish {
  readonly security: "auto" | UserPiPolicy["security"];
  readonly port: number | undefined;
  /** What worked with this server last. */
  readonly known?: "explicit" | "implicit" | undefined;
}

/**
 * The ways to be tried, the best first; `plain` is never among them unless it alone was asked for (S-03).
 *
 * For `auto`: what worked last; on port 990 implicit; on any other explicit, and implicit when no greeting comes for two
 * seconds; without a port explicit on 21, and implicit on 990 a quarter of a second later.
 */
export function securityCandidates({ security, port, known }: SecurityWish): readonly SecurityCandidate[] {
  const wanted = security === "auto" ? known : security;
  if (wanted !== undefined) return [candidate(wanted, port)];
  if (port === 990) return [candidate("implicit", port)];
  if (port !== undefined) return [candidate("explicit", port), candidate("implicit", port, silenceMs, true)];
  return [candidate("explicit", undefined), candidate("implicit", undefined, headStartMs)];
}

function candidate(
  security: SecurityCandidate["security"],
  port: number | undefined,
  afterMs = 0,
  onlyIfSilent = false,
): SecurityCandidate {
  return { security, port: port ?? (security === "implicit" ? 990 : 21), afterMs, onlyIfSilent };
}

const silenceMs = 2_000;
const headStartMs = 250;

/** What was decided about a connection without being asked, for whoever explains it. */
export type ConnectDecision =
  | { readonly kind: "security"; readonly security: UserPiPolicy["security"] | "gssapi"; readonly port: number }
  /** The server chokes on the post-quantum key share, and was greeted without it. */
  | { readonly kind: "small-hello"; readonly failure: TlsError }
  /** Data connections do not work in TLS 1.3 with the server, and do in TLS 1.2; `because`, what it said. */
  | { readonly kind: "older-tls"; readonly because: string }
  /** Whether the server went on in clear on the control connection, as it was asked to: commands and names can be read. */
  | { readonly kind: "clear-control"; readonly accepted: boolean }
  /** Plain FTP was asked for, of a server that once offered TLS. */
  | { readonly kind: "plain-though-tls"; readonly warning: TlsError };
