import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

/**
 * Says what is wrong with the peer's certificate on the server side: a code of OpenSSL such as `CERT_HAS_EXPIRED`, or
 * undefined where it is verified.
 *
 * Node computes this for sockets of a tls.Server only (`authorizationError`) and keeps the answer on its handle
 * otherwise. Without that inside, only what one of the authorities itself issued for client use passes
 * ({@link verifyIssued}); a chain with intermediates then counts as unverified.
 */
export function verificationProblem(
  socket: TLSSocket,
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
): string | undefined {
  const handle = (socket as Partial<Inside>)._handle;
  if (typeof handle?.verifyError !== "function") return verifyIssued(certificate, authorities);
  const error = handle.verifyError();
  return error ? (error.code ?? "UNVERIFIED") : undefined;
}

/** Verifies with public means that one of the authorities issued the certificate for client use and that it is valid. */
export function verifyIssued(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now = new Date(),
): string | undefined {
  if (certificate.validToDate < now) return "CERT_HAS_EXPIRED";
  if (certificate.validFromDate > now) return "CERT_NOT_YET_VALID";
  const issuer = authorities.find(
    (authority) => authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
  if (!issuer) return "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
  const uses: readonly string[] | undefined = certificate.keyUsage;
  return uses && !uses.includes(clientAuthentication) ? "INVALID_PURPOSE" : undefined;
}

interface Inside {
  _handle: { verifyError(): (Error & { code?: string }) | null | undefined } | null;
}

/** id-kp-clientAuth (RFC 5280 §4.2.1.12); Node's `keyUsage` lists extended key usages. */
const clientAuthentication = "1.3.6.1.5.5.7.3.2";
