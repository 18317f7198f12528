export { defaultAuthorities } from "./authorities.ts";
export { type ClientOffer } from "./client-context.ts";
export { ClientTls, type ClientTlsFacts, type ClientTlsOptions, type ControlTls } from "./client-tls.ts";
export type { ClientTrust, TrustedBy, TrustStore } from "./client-trust.ts";
export { HandshakeError } from "./handshake-failure.ts";
export type { CertificateFacts, CertificateProblem, PeerCertificateFacts } from "./peer-certificate.ts";
export { CertificateError } from "./trust-decision.ts";
export { fileTrustStore, type FileTrustStore, type RememberedServer } from "./trust-file.ts";
