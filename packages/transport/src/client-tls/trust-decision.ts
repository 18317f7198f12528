import { TlsError } from "@sallyport/protocol";
import type { ClientTrust, TrustedBy } from "./client-trust.ts";
import type { PeerCertificateFacts } from "./peer-certificate.ts";
import { matchesPin, type Pin } from "./pins.ts";

/** A server's certificate was refused; it tells which, so that a person can be asked. */
export class CertificateError extends TlsError {
  readonly certificate: PeerCertificateFacts;

  constructor(code: string, message: string, certificate: PeerCertificateFacts) {
    super(code, message);
    this.certificate = certificate;
  }
}

/**
 * Decides whether a server is trusted by what it showed, as {@link ClientTrust} says, and remembers what is to be
 * remembered.
 *
 * Rejects with CertificateError `SALLYPORT_PIN_MISMATCH`, `SALLYPORT_PIN_CHANGED`, `SALLYPORT_CERTIFICATE_UNTRUSTED`,
 * `_EXPIRED`, `_NOT_YET_VALID`, `_NAME`, `_REVOKED`, and with what a store or `verify` rejects with.
 */
export async function decideTrust(
  certificate: PeerCertificateFacts,
  trust: ClientTrust,
  pins: readonly Pin[],
  hostAndPort: string,
): Promise<TrustedBy> {
  if (pins.length > 0) {
    if (pins.some((pin) => matchesPin(pin, certificate))) return "pin";
    throw pinMismatch(certificate);
  }
  const remembered = await trust.tofu?.find(hostAndPort);
  if (remembered !== undefined) {
    if (remembered === certificate.pin) return "remembered";
    throw pinChanged(certificate, remembered);
  }
  const isVouchedFor = certificate.problems.length === 0;
  if (trust.verify) {
    if (!(await trust.verify(certificate))) throw refused(certificate);
    if (!isVouchedFor) await remember(certificate, trust, hostAndPort);
    return "verify";
  }
  if (isVouchedFor) return "authorities";
  // What cannot be remembered would be a first use each time.
  if (trust.tofu && certificate.pin !== "") {
    await remember(certificate, trust, hostAndPort);
    return "first-use";
  }
  if (trust.insecure) return "nobody";
  throw refused(certificate);
}

async function remember(certificate: PeerCertificateFacts, trust: ClientTrust, hostAndPort: string): Promise<void> {
  if (certificate.pin !== "") await trust.tofu?.remember(hostAndPort, certificate.pin);
}

function refused(certificate: PeerCertificateFacts): CertificateError {
  const [problem, ...others] = certificate.problems;
  const { host, pin, fingerprint } = certificate;
  if (!problem) {
    const message = `The certificate of ${host} was refused, though authorities vouch for it`;
    return new CertificateError("SALLYPORT_CERTIFICATE_UNTRUSTED", message, certificate);
  }
  const also = others.map(({ text }) => `; it also ${text}`).join("");
  const hint = `if you know it to be the right one, pin it as ${pin || fingerprint}`;
  return new CertificateError(problem.code, `The certificate of ${host} ${problem.text}${also}; ${hint}`, certificate);
}

function pinMismatch(certificate: PeerCertificateFacts): CertificateError {
  const { host, pin, fingerprint } = certificate;
  const message = `The certificate of ${host} matches no pin: its key is ${pin}, its own SHA-256 is ${fingerprint}`;
  return new CertificateError("SALLYPORT_PIN_MISMATCH", message, certificate);
}

function pinChanged(certificate: PeerCertificateFacts, remembered: string): CertificateError {
  const { host, pin } = certificate;
  const message =
    `The key of ${host} is ${pin}, but it was ${remembered} before: another machine may be answering for it; ` +
    "if its owner confirms the change, forget the old key";
  return new CertificateError("SALLYPORT_PIN_CHANGED", message, certificate);
}
