/**
 * What a server makes of resumption on data connections: `off`, every data connection makes a full handshake; `offer`,
 * resumption is offered and never demanded; `adaptive`, demanded once this client has shown that it can; `require`,
 * demanded always.
 */
export type ResumptionPolicy = "off" | "offer" | "adaptive" | "require";

/** What is known of a data connection's handshake when its policy is judged. */
export interface DataHandshakeFacts {
  readonly policy: ResumptionPolicy;
  /** The handshake resumed a ticket of this control connection. */
  readonly resumed: boolean;
  /** The hello brought a ticket, of whatever origin. */
  readonly helloBroughtTicket: boolean;
  /** An earlier data connection of this control connection resumed. */
  readonly clientHasResumed: boolean;
  /** The client uses tickets once and may have used all that it was sent; absent: no. */
  readonly ticketsSpent?: boolean;
  /** Both connections carry the same client certificate, or neither carries one. */
  readonly sameClientCertificate: boolean;
  /** The other end is a server that transfers between servers may lead to; absent: no. */
  readonly isOtherServer?: boolean;
}

/** A refusal's cause is one sentence for the log and for reply 522: what is wrong and what to change. */
export type ResumptionVerdict = { readonly accept: true } | { readonly accept: false; readonly cause: string };

/**
 * Decides whether a finished data handshake belongs to the client of the control connection (R-TLS-34, R-TLS-35).
 *
 * Only a ticket minted on this control connection proves it; the address and the client certificate are what is left
 * for clients that never resume (Python's ftplib, `curl --no-sessionid`), which `adaptive` lets in until they resume
 * once or bring a ticket that is not this connection's; and for clients that have no ticket left, because they use each
 * once (RFC 8446 appendix C.4) and no new one may be sent on an upload. Another server that takes part in a transfer has
 * neither the client's tickets nor its certificate, so its address is all there is (R-FXP-01).
 */
export function judgeDataResumption(facts: DataHandshakeFacts): ResumptionVerdict {
  if (facts.resumed) return { accept: true };
  if (facts.isOtherServer === true && facts.policy !== "require") return { accept: true };
  if (!facts.sameClientCertificate) return { accept: false, cause: causes.otherCertificate };
  if (facts.policy === "require") {
    return { accept: false, cause: facts.helloBroughtTicket ? causes.foreignTicket : causes.requiredTicket };
  }
  if (facts.policy === "adaptive") {
    if (facts.helloBroughtTicket) return { accept: false, cause: causes.foreignTicket };
    if (facts.clientHasResumed && !facts.ticketsSpent) return { accept: false, cause: causes.missingTicket };
  }
  return { accept: true };
}

const causes = {
  otherCertificate:
    "The data connection shows another client certificate than the control connection; use one certificate for both",
  foreignTicket:
    "The data connection brought a TLS ticket that is not from this control connection; " +
    "resume the TLS state of this very control connection",
  requiredTicket:
    "The data connection did not resume TLS, which this server requires; turn on TLS resumption for data connections " +
    "in the client, or set data resumption to adaptive on the server",
  missingTicket:
    "The data connection did not resume TLS although this client did so before; " +
    "resume the TLS state of the control connection on every data connection",
} as const;
