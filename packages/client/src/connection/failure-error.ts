import { errorOfFailure, isSallyportError, type SallyportError, type UserPiFailure } from "@sallyport/protocol";
import { isSecurityMechanismError, SecurityMechanismError, type SecurityMechanismFault } from "@sallyport/transport";

/**
 * The failure's error; where TLS, a security mechanism or the network says more exactly what is wrong, that one, with
 * the same facts.
 */
export function errorOf(failure: UserPiFailure): SallyportError {
  const error = errorOfFailure(failure);
  const { cause, command, reply, retry, transcript } = failure;
  const facts = { retry, transcript, ...(command && { command }), ...(reply && { reply }) };
  if (failure.code === "SALLYPORT_GSSAPI_FAILED" && isSecurityMechanismError(cause)) {
    return Object.assign(ofMechanism(cause), facts);
  }
  if (failure.code !== "SALLYPORT_HANDSHAKE_FAILED" || !isSallyportError(cause)) return error;
  return Object.assign(cause, facts);
}

/** One for each request that it ends. */
function ofMechanism(cause: SecurityMechanismError): SecurityMechanismError {
  const message = `${sentences[cause.fault]} (${cause.message})`;
  return new SecurityMechanismError(cause.fault, message, { cause });
}

const sentences: Readonly<Record<SecurityMechanismFault, string>> = {
  unavailable: "Kerberos cannot be used from here",
  "no-credentials": "There is no Kerberos ticket",
  "credentials-expired": "The Kerberos ticket has expired",
  "unknown-principal": "The Kerberos realm does not know this server",
  "clock-skew": "The clocks of this machine and of the Kerberos realm are too far apart",
  "wrong-key": "The server's key is not the one that the Kerberos realm has for it",
  "token-rejected": "The server's part of the Kerberos exchange is not to be believed",
  "message-rejected": "A protected reply was forged, damaged, repeated or taken out",
  "context-expired": "The time of the Kerberos ticket is over, and the connection ended with it",
  failed: "Kerberos failed",
};
