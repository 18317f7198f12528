import type { SecurityMechanismFault } from "@sallyport/transport";

/** A call of the library failed, inside the process that made it; becomes a SecurityMechanismError outside. */
export class GssFailure extends Error {
  readonly fault: SecurityMechanismFault;

  constructor(fault: SecurityMechanismFault, message: string) {
    super(message);
    this.name = "GssFailure";
    this.fault = fault;
  }
}

/** What a call had to do with. */
export type Undertaking = "preparation" | "initiation" | "acceptance" | "message";

/**
 * Tells what went wrong from the two numbers of a failed call: the routine error of RFC 2744 §3.9.1 and the mechanism's
 * own. The latter says more and is asked first. Where the peer's octets are all that was looked at, whatever is wrong is
 * wrong with them.
 */
export function faultOf(major: number, minor: number, during: Undertaking): SecurityMechanismFault {
  const fault = byMinor.get(minor | 0) ?? byRoutine.get((major >>> 16) & 0xff) ?? "failed";
  return blamed[during]?.[fault] ?? fault;
}

const blamed: Partial<Record<Undertaking, Partial<Record<SecurityMechanismFault, SecurityMechanismFault>>>> = {
  acceptance: { "no-credentials": "token-rejected", failed: "token-rejected", "message-rejected": "token-rejected" },
  message: { "token-rejected": "message-rejected", "wrong-key": "message-rejected", failed: "message-rejected" },
};

/** Errors of the tables krb5 (which begins here), k5g and ggss. */
const krb5 = -1_765_328_384;
const k5g = 39_756_032;

const byMinor: ReadonlyMap<number, SecurityMechanismFault> = new Map([
  // Of the protocol (RFC 4120 §7.5.9), by its own numbers.
  [krb5 + 1, "credentials-expired"], // KDC_ERR_NAME_EXP
  [krb5 + 6, "unknown-principal"], // KDC_ERR_C_PRINCIPAL_UNKNOWN
  [krb5 + 7, "unknown-principal"], // KDC_ERR_S_PRINCIPAL_UNKNOWN
  [krb5 + 31, "wrong-key"], // KRB_AP_ERR_BAD_INTEGRITY
  [krb5 + 32, "credentials-expired"], // KRB_AP_ERR_TKT_EXPIRED
  [krb5 + 33, "clock-skew"], // KRB_AP_ERR_TKT_NYV
  [krb5 + 34, "token-rejected"], // KRB_AP_ERR_REPEAT
  [krb5 + 35, "wrong-key"], // KRB_AP_ERR_NOT_US
  [krb5 + 37, "clock-skew"], // KRB_AP_ERR_SKEW
  [krb5 + 41, "token-rejected"], // KRB_AP_ERR_MODIFIED
  [krb5 + 44, "wrong-key"], // KRB_AP_ERR_BADKEYVER
  [krb5 + 45, "wrong-key"], // KRB_AP_ERR_NOKEY
  // Of the library.
  [krb5 + 141, "no-credentials"], // KRB5_CC_NOTFOUND
  [krb5 + 144, "wrong-key"], // KRB5KRB_AP_WRONG_PRINC
  [krb5 + 154, "unknown-principal"], // KRB5_REALM_UNKNOWN
  [krb5 + 156, "unavailable"], // KRB5_KDC_UNREACH
  [krb5 + 181, "wrong-key"], // KRB5_KT_NOTFOUND
  [krb5 + 195, "no-credentials"], // KRB5_FCC_NOFILE
  [krb5 + 230, "wrong-key"], // KRB5_KT_KVNONOTFOUND
  [k5g + 5, "no-credentials"], // KG_EMPTY_CCACHE
]);

const byRoutine: ReadonlyMap<number, SecurityMechanismFault> = new Map([
  [1, "token-rejected"], // GSS_S_BAD_MECH
  [6, "message-rejected"], // GSS_S_BAD_SIG
  [7, "no-credentials"], // GSS_S_NO_CRED
  [9, "token-rejected"], // GSS_S_DEFECTIVE_TOKEN
  [10, "no-credentials"], // GSS_S_DEFECTIVE_CREDENTIAL
  [11, "credentials-expired"], // GSS_S_CREDENTIALS_EXPIRED
  [12, "context-expired"], // GSS_S_CONTEXT_EXPIRED
]);
