import { type ClientHello, type ClientHelloFailure, highestOfferedVersion } from "@sallyport/protocol";

/** Alert descriptions that we send ourselves (RFC 8446 §6, RFC 6066 §3). */
export const alerts = {
  unexpectedMessage: 10,
  recordOverflow: 22,
  handshakeFailure: 40,
  decodeError: 50,
  protocolVersion: 70,
  unrecognizedName: 112,
} as const;

/** A refused hello: the alert to send (none where the peer speaks no TLS), and one sentence for the log. */
export interface HelloRefusal {
  readonly alert: number | undefined;
  readonly cause: string;
}

/** What a server demands of every ClientHello, on control and data connections alike. */
export interface HelloDemands {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/**
 * Decides from the ClientHello alone whether a handshake may go on; undefined lets it.
 *
 * TLS 1.2 needs extended master secret and secure renegotiation (R-TLS-03, RFC 9325 §3.5): OpenSSL takes clients
 * without them, so we look ourselves. What OpenSSL refuses on its own, such as no common suite, is left to it.
 */
export function refuseHello(hello: ClientHello, demands: HelloDemands): HelloRefusal | undefined {
  const highest = Math.min(highestOfferedVersion(hello), demands.maxVersion);
  if (highest < demands.minVersion) {
    const cause = `The client offers no TLS version that this server allows; its best is ${versionText(hello)}`;
    return { alert: alerts.protocolVersion, cause };
  }
  if (negotiatesTls12(hello, demands)) {
    if (!hello.extendedMasterSecret) return { alert: alerts.handshakeFailure, cause: causes.noExtendedMasterSecret };
    if (!hello.renegotiationInfo) return { alert: alerts.handshakeFailure, cause: causes.noSecureRenegotiation };
  }
  return undefined;
}

/** Whether the handshake will end in TLS 1.2 or fail. */
export function negotiatesTls12(hello: ClientHello, { maxVersion }: HelloDemands): boolean {
  return maxVersion < tls13 || !hello.supportedVersions.includes(tls13);
}

/** What a connection whose first octets are no ClientHello is told: nothing where they are no TLS at all. */
export function refuseFailure(failure: ClientHelloFailure): HelloRefusal {
  return refusals[failure];
}

/** A fatal alert as a clear record, sent where Node closes without one or has not been asked yet (RFC 8446 §6.2). */
export function fatalAlertRecord(description: number): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, description);
}

export const tls12 = 0x0303;
export const tls13 = 0x0304;

const causes = {
  noExtendedMasterSecret:
    "The client offers TLS 1.2 without extended master secret (RFC 7627); update its TLS library or use TLS 1.3",
  noSecureRenegotiation:
    "The client offers TLS 1.2 without secure renegotiation (RFC 5746); update its TLS library or use TLS 1.3",
} as const;

const refusals: Readonly<Record<ClientHelloFailure, HelloRefusal>> = {
  "not-tls": { alert: undefined, cause: "The peer sent plain octets where a TLS handshake must begin" },
  "not-client-hello": { alert: alerts.unexpectedMessage, cause: "The peer's first TLS message is no ClientHello" },
  malformed: { alert: alerts.decodeError, cause: "The peer's ClientHello is malformed" },
  "too-long": { alert: alerts.recordOverflow, cause: "The peer's ClientHello is longer than allowed" },
};

function versionText(hello: ClientHello): string {
  const version = highestOfferedVersion(hello);
  return version === 0x0300 ? "SSL 3.0" : `TLS 1.${(version & 0xff) - 1}`;
}
