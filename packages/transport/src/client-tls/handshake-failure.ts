import { TlsError } from "@sallyport/protocol";

/** A handshake that failed before there was a certificate to judge. */
export class HandshakeError extends TlsError {
  /**
   * Whether the server may have choked on a ClientHello of more than one packet, which the post-quantum key share makes
   * it: it went silent or broke off without a single octet, or could not read it. Then `groups: "small"` may help.
   */
  readonly mayBeLargeHello: boolean;

  constructor(code: string, message: string, options: ErrorOptions & { readonly mayBeLargeHello: boolean }) {
    super(code, message, options);
    this.mayBeLargeHello = options.mayBeLargeHello;
  }
}

export interface HandshakeCircumstances {
  /** What messages call the server. */
  readonly server: string;
  readonly sentLargeHello: boolean;
  /** Whether the server sent anything. */
  readonly heardAnything: boolean;
}

export function handshakeTimeout(timeoutMs: number, at: HandshakeCircumstances): HandshakeError {
  const silence = at.heardAnything ? "stopped in the middle of" : "does not answer";
  return new HandshakeError(
    "SALLYPORT_HANDSHAKE_TIMEOUT",
    `${at.server} ${silence} the TLS handshake for ${timeoutMs} ms${helloHint(at)}`,
    { mayBeLargeHello: mayBeLargeHello(at) },
  );
}

export function handshakeBrokenOff(at: HandshakeCircumstances, cause?: Error): HandshakeError {
  const when = at.heardAnything ? "during the TLS handshake" : "as soon as TLS began";
  return new HandshakeError("SALLYPORT_HANDSHAKE_FAILED", `${at.server} broke off ${when}${helloHint(at)}`, {
    cause,
    mayBeLargeHello: mayBeLargeHello(at),
  });
}

/** Puts an error of TLS itself into words, also one that comes later, such as a refused client certificate. */
export function handshakeFailed(cause: Error, at: HandshakeCircumstances): HandshakeError {
  const code = "code" in cause ? String(cause.code) : "";
  if (code === "ECONNRESET" || code === "EPIPE") return handshakeBrokenOff(at, cause);
  const alert = /^ERR_SSL_(?:SSLV3|SSL\/TLS|TLSV1|TLSV13)_(?:ALERT_)?(?<name>\w+)$/
    .exec(code)
    ?.groups?.["name"]?.toLowerCase();
  const said = alert === undefined ? (localTexts[code] ?? `failed (${code || cause.message})`) : alertText(alert);
  const isUnread = alert !== undefined && unreadHelloAlerts.has(alert);
  return new HandshakeError("SALLYPORT_HANDSHAKE_FAILED", `TLS with ${at.server} ${said}`, {
    cause,
    mayBeLargeHello: at.sentLargeHello && isUnread,
  });
}

/**
 * The other end speaks in clear where TLS must begin.
 *
 * @param octets what it said so far.
 */
export function notTls(server: string, octets: Uint8Array): TlsError {
  const text = Buffer.from(octets.subarray(0, 80)).toString("latin1");
  const line = (text.split(/[\r\n]/)[0] ?? "").replace(/[^ -~]/g, "");
  const isGreeting = /^\d{3}[ -]/.test(line);
  const what = isGreeting ? `a plain FTP reply ("${line}")` : "something else";
  const hint = isGreeting ? "; it may want explicit TLS on this port" : "";
  return new TlsError("SALLYPORT_NOT_TLS", `${server} does not speak TLS here: it sent ${what}${hint}`);
}

function mayBeLargeHello({ sentLargeHello, heardAnything }: HandshakeCircumstances): boolean {
  return sentLargeHello && !heardAnything;
}

function helloHint(at: HandshakeCircumstances): string {
  return mayBeLargeHello(at) ? "; it may not take a ClientHello of more than one packet" : "";
}

/** What a parser says that does not understand a large hello. */
const unreadHelloAlerts = new Set(["decode_error", "record_overflow", "illegal_parameter", "unexpected_message"]);

function alertText(alert: string): string {
  return alertTexts[alert] ?? `was refused by it (alert ${alert})`;
}

/** By the end of OpenSSL's codes, which are the names of alerts (RFC 8446 §6). */
const alertTexts: Readonly<Record<string, string>> = {
  handshake_failure: "was refused by it: nothing that we offer suits it, or it wants a client certificate",
  protocol_version: "was refused by it: it has no TLS version that is allowed here",
  insufficient_security: "was refused by it: our cipher suites are too weak for it",
  unrecognized_name: "was refused by it: it does not know this host name",
  no_application_protocol: "was refused by it: it does not offer FTP here (ALPN)",
  certificate_required: "was refused by it: it wants a client certificate",
  bad_certificate: "was refused by it: it does not accept the client certificate",
  unsupported_certificate: "was refused by it: it does not accept this kind of client certificate",
  certificate_revoked: "was refused by it: the client certificate is revoked",
  certificate_expired: "was refused by it: the client certificate has expired",
  certificate_unknown: "was refused by it: it does not accept the client certificate",
  unknown_ca: "was refused by it: it does not know the authority of the client certificate",
  access_denied: "was refused by it: the client certificate is valid, but not allowed",
};

/** What OpenSSL found on our side. */
const localTexts: Readonly<Record<string, string>> = {
  ERR_SSL_UNSUPPORTED_PROTOCOL: "is not possible: it has no TLS version that is allowed here",
  ERR_SSL_WRONG_VERSION_NUMBER: "is not possible: it sends something else than TLS",
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: "is not possible: no TLS version is left to offer",
  ERR_SSL_DH_KEY_TOO_SMALL: "is not possible: its Diffie-Hellman key is too weak",
  ERR_SSL_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED: "is not possible: it signs with a hash that is too weak",
  ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED: "is not possible: it lacks secure renegotiation (RFC 5746)",
  ERR_SSL_BAD_SIGNATURE: "failed: its signature is wrong",
};
