import type { Octets } from "./octets.ts";
import { parseAdat } from "./security-envelope.ts";
import type { ReceivedReply } from "./user-pi-failure.ts";
import {
  type Exchange,
  type Features,
  type Purpose,
  underNewProtection,
  type UserPi,
  type UserPiEffect,
} from "./user-pi-state.ts";
import { arm, close, disarm, type Fault, type NextCommand, refusal, send } from "./user-pi-turn.ts";

/*
 * The opening of a connection: AUTH, the login, the protection of data, FEAT. What comes next follows from what is
 * known, not from what came before, so that it is right again after everything was forgotten.
 */

type Taker = (pi: UserPi, reply: ReceivedReply, exchange: Exchange, effects: UserPiEffect[]) => UserPi;

/** The next command of the opening; a fault where there is none to send; undefined when all is done. */
export function nextOfOpening(pi: UserPi): NextCommand | Fault | undefined {
  const { opening, policy, credentials } = pi;
  if (pi.control === "clear" && policy.security !== "plain" && opening.clearing !== "done") {
    const mechanism = policy.mechanisms[opening.mechanism];
    return mechanism === undefined ? unprotected(pi) : { purpose: "auth", verb: "AUTH", argument: mechanism as Octets };
  }
  const { virtualHost } = policy;
  if (virtualHost !== undefined && !opening.hostGiven && opening.login === "user") {
    return { purpose: "host", verb: "HOST", argument: virtualHost };
  }
  switch (opening.login) {
    case "user":
      return { purpose: "user", verb: "USER", argument: credentials.user };
    case "instead-of-user":
      return { purpose: "user", ...partsOf(credentials.insteadOfUser ?? ("" as Octets)) };
    case "password":
      return secret("pass", "PASS", credentials.password);
    case "account":
      return secret("acct", "ACCT", credentials.account);
    case "done":
  }
  if (pi.control !== "clear") {
    if (!opening.bufferSizeGiven) return { purpose: "pbsz", verb: "PBSZ", argument: bufferSizes[pi.control] };
    if (opening.protection === "unasked") {
      return { purpose: "prot", verb: "PROT", argument: policy.dataProtection as Octets };
    }
  }
  if (opening.features === undefined) return { purpose: "feat", verb: "FEAT" };
  if (opening.features.has("UTF8") && !opening.utf8Asked && policy.asksUtf8 !== false) {
    return { purpose: "utf8", verb: "OPTS", argument: "UTF8 ON" as Octets };
  }
  // Last, since nothing that is said from here on is hidden or certain to come from here (RFC 4217 §6, S-23).
  const clears = policy.clearsControl === true && pi.control === "tls" && opening.clearing === "unasked";
  return clears ? { purpose: "ccc", verb: "CCC" } : undefined;
}

/** Tokens up to here; beyond a quarter of it nothing gets faster. */
const tokenBytesMax = 1_048_576;

/** A server that wants less takes no message that is worth it. */
const tokenBytesMin = 512;

/** RFC 4217 §9 for TLS; tokens of other mechanisms have a size. */
const bufferSizes = { tls: "0" as Octets, wrapped: String(tokenBytesMax) as Octets };

/** No mechanism is left. Where one was to be GSSAPI alone, what it said is all there is to say. */
function unprotected({ policy, opening }: UserPi): Fault {
  const first = opening.refusal;
  if (first !== undefined && policy.mechanisms.every((name) => name === "GSSAPI")) return first;
  return {
    code: "SALLYPORT_TLS_UNAVAILABLE",
    message: policy.mechanisms.includes("GSSAPI")
      ? "The server offers no protection that the policy accepts"
      : "The server offers no TLS, and without it nothing is sent",
    cause: first?.cause,
  };
}

function secret(purpose: Purpose, verb: string, argument: Octets | undefined): NextCommand | Fault {
  if (argument !== undefined) return { purpose, verb, argument };
  return { code: "SALLYPORT_CREDENTIAL_MISSING", message: `The server asks for ${verb}, and none was given` };
}

/** What a reply does to the opening, a row for each purpose; rows stand for 2yz and 3yz, and for 4yz and 5yz. */
export const openingReplies: Partial<Record<Purpose, { readonly taken: Taker; readonly refused: Taker }>> = {
  auth: { taken: authTaken, refused: authRefused },
  adat: { taken: tokenTaken, refused: tokenRefused },
  host: { taken: (pi) => learnt(pi, { hostGiven: true }), refused: hostRefused },
  user: { taken: loginTaken, refused: loginRefused },
  pass: { taken: loginTaken, refused: loginRefused },
  acct: { taken: loginTaken, refused: loginRefused },
  pbsz: { taken: bufferSizeTaken, refused: bufferSizeRefused },
  prot: { taken: protectionTaken, refused: protectionRefused },
  feat: { taken: featuresTaken, refused: (pi) => learnt(pi, { features: new Map() }) },
  utf8: { taken: (pi) => learnt(pi, { utf8Asked: true }), refused: (pi) => learnt(pi, { utf8Asked: true }) },
  // Refused, it stays protected: no worse than what was wished for.
  ccc: { taken: clearTaken, refused: (pi) => learnt(pi, { clearing: "refused" }) },
};

/** What follows the reply inside TLS is dropped with it; the close_notify of both sides ends it (R-4217-32). */
function clearTaken(pi: UserPi, _: ReceivedReply, __: Exchange, effects: UserPiEffect[]): UserPi {
  effects.push({ kind: "end-tls" });
  return arm({ ...learnt(pi, { clearing: "done" }), phase: "clearing" }, "reply", effects);
}

/** The control connection is in clear by the user's own wish; its data is protected as before. */
export function tlsEnded(pi: UserPi, effects: UserPiEffect[]): UserPi {
  return disarm({ ...pi, control: "clear", phase: "opening" }, effects);
}

/** The mechanism's token goes to the server in ADAT (RFC 2228 §3). */
export function tokenCame(pi: UserPi, token: Octets, effects: UserPiEffect[]): UserPi {
  if (pi.phase !== "tokens") return pi;
  const tokensCount = pi.opening.tokensCount + 1;
  if (tokensCount > pi.policy.limits.securityTokensCount) {
    const message = `The server asks for more than ${pi.policy.limits.securityTokensCount} tokens of GSSAPI`;
    return leaveWith(pi, { code: "SALLYPORT_REPLY_UNEXPECTED", message }, effects);
  }
  const counted = learnt({ ...pi, phase: "opening" }, { tokensCount });
  return send(counted, { purpose: "adat", verb: "ADAT", argument: token }, effects);
}

/** Until it protects, the next of the order may; after that there is nothing to go on with (R-2228-16). */
export function securityFailed(pi: UserPi, cause: unknown, effects: UserPiEffect[]): UserPi {
  const fault: Fault = { code: "SALLYPORT_GSSAPI_FAILED", message: "The security mechanism says no", cause };
  if (pi.phase === "tokens") return otherMechanism({ ...pi, phase: "opening" }, fault);
  return pi.control === "wrapped" ? close(pi, fault, "now", effects) : pi;
}

/** Says QUIT, since the connection stands, and leaves it (R-4217-08). */
export function leaveWith(pi: UserPi, fault: Fault, effects: UserPiEffect[]): UserPi {
  effects.push({ kind: "send", line: "QUIT" as Octets });
  return close(pi, fault, fault.retry === "again" ? "later" : "never", effects);
}

function authTaken(pi: UserPi, reply: ReceivedReply, exchange: Exchange, effects: UserPiEffect[]): UserPi {
  if (pi.policy.mechanisms[pi.opening.mechanism] === "GSSAPI") {
    // 234 says that nothing more is needed, which is not so.
    return reply.code < 300 ? authRefused(pi, reply, exchange) : askMechanism(pi, "first", reply, effects);
  }
  if (reply.code >= 300) return nextMechanism(pi);
  effects.push({ kind: "start-tls" });
  return arm({ ...pi, phase: "handshaking" }, "handshake", effects);
}

function tokenTaken(pi: UserPi, reply: ReceivedReply, _: Exchange, effects: UserPiEffect[]): UserPi {
  return askMechanism(pi, reply.code < 300 ? "last" : "next", reply, effects);
}

/** A token that is not base64 goes to the mechanism as it is, which refuses it. */
function askMechanism(
  pi: UserPi,
  step: "first" | "next" | "last",
  { lines }: ReceivedReply,
  effects: UserPiEffect[],
): UserPi {
  const [text = "" as Octets] = lines;
  const token = parseAdat(text) === "absent" ? undefined : (text.replace(/^.*?ADAT=([^ \]]*).*$/is, "$1") as Octets);
  effects.push({ kind: "next-security-token", step, token });
  return { ...pi, phase: "tokens" };
}

function authRefused(pi: UserPi, reply: ReceivedReply, exchange: Exchange): UserPi {
  if (pi.policy.mechanisms[pi.opening.mechanism] !== "GSSAPI") return nextMechanism(pi);
  // Configured and out of order, where other codes say that it is not there (RFC 2228 §3).
  const fact =
    reply.code === 431 ? "The server's GSSAPI does not work at the moment" : "The server does not offer GSSAPI";
  const message = `${fact}: it answers AUTH GSSAPI with ${reply.code}`;
  return otherMechanism(pi, { ...refusal(exchange, reply, "SALLYPORT_GSSAPI_NOT_OFFERED"), message });
}

function tokenRefused(pi: UserPi, reply: ReceivedReply, exchange: Exchange): UserPi {
  const message = `The server refuses the Kerberos ticket with ${reply.code}`;
  return nextMechanism(pi, { ...refusal(exchange, reply, "SALLYPORT_GSSAPI_REFUSED"), message });
}

/** Another name of the server would change nothing. */
function otherMechanism(pi: UserPi, fault: Fault): UserPi {
  const { mechanisms } = pi.policy;
  const other = mechanisms.findIndex((name, at) => at > pi.opening.mechanism && name !== "GSSAPI");
  return learnt(nextMechanism(pi, fault), { mechanism: other < 0 ? mechanisms.length : other });
}

/** The first of several faults says most: what follows it is tried because of it. */
function nextMechanism(pi: UserPi, fault?: Fault): UserPi {
  const { mechanism, refusal: first = fault } = pi.opening;
  return learnt(pi, { mechanism: mechanism + 1, tokensCount: 0, refusal: first });
}

/**
 * 331 and 336 ask for the password, 332 for the account; 230, 232 and 202 are done (RFC 959 §5.4, RFC 2228 §5). Another
 * 3yz asks for nothing that a login has.
 */
function loginTaken(pi: UserPi, reply: ReceivedReply, exchange: Exchange, effects: UserPiEffect[]): UserPi {
  if (reply.code < 300) return learnt(pi, { login: "done" });
  const next = reply.code === 332 ? "account" : "password";
  const asksAgain = exchange.purpose === "acct" || (exchange.purpose === "pass" && next === "password");
  const asksForSecret = Math.floor(reply.code / 10) === 33;
  if (asksForSecret && !asksAgain) return learnt(pi, { login: next });
  return leaveWith(pi, refusal(exchange, reply, "SALLYPORT_REPLY_UNEXPECTED"), effects);
}

function partsOf(line: Octets): Pick<NextCommand, "verb" | "argument"> {
  const [verb = "", argument] = line.split(/ (.*)/s);
  return { verb, argument: argument as Octets | undefined };
}

function loginRefused(pi: UserPi, reply: ReceivedReply, exchange: Exchange, effects: UserPiEffect[]): UserPi {
  const hasOther = pi.opening.login === "user" && pi.credentials.insteadOfUser !== undefined;
  if (hasOther) return learnt(pi, { login: "instead-of-user" });
  return leaveWith(pi, refusal(exchange, reply, "SALLYPORT_LOGIN_REFUSED"), effects);
}

/** A server that does not know the command has one host; others mean that there is no such host (RFC 7151 §3.2). */
function hostRefused(pi: UserPi, reply: ReceivedReply, exchange: Exchange, effects: UserPiEffect[]): UserPi {
  if (reply.code === 500 || reply.code === 502) return learnt(pi, { hostGiven: true });
  return leaveWith(pi, refusal(exchange, reply, "SALLYPORT_LOGIN_REFUSED"), effects);
}

/** Both use the smaller size (R-2228-06). */
function bufferSizeTaken(pi: UserPi, { lines }: ReceivedReply, exchange: Exchange, effects: UserPiEffect[]): UserPi {
  const [, size] = /\bPBSZ=(\d{1,10})\b/i.exec(lines.at(-1) ?? "") ?? [];
  const known = { bufferSizeGiven: true, tokenBytesMax: Math.min(tokenBytesMax, Number(size ?? tokenBytesMax)) };
  const isTooSmall = known.tokenBytesMax < tokenBytesMin && pi.control === "wrapped";
  return isTooSmall ? bufferSizeRefused(pi, { code: 200, lines }, exchange, effects) : learnt(pi, known);
}

/** Some servers refuse PBSZ 0 of TLS and mean nothing by it: PROT decides. Messages need the size. */
function bufferSizeRefused(pi: UserPi, reply: ReceivedReply, exchange: Exchange, effects: UserPiEffect[]): UserPi {
  if (pi.control === "tls" || pi.policy.dataProtection === "C") return learnt(pi, { bufferSizeGiven: true });
  return leaveWith(pi, refusal(exchange, reply, "SALLYPORT_PROTECTION_REFUSED"), effects);
}

function protectionTaken(pi: UserPi): UserPi {
  return learnt(pi, { protection: pi.policy.dataProtection });
}

/** An implicit server that refuses PROT P protects data anyway (R-IMP-04); elsewhere there is no way on (R-CLI-02). */
function protectionRefused(pi: UserPi, reply: ReceivedReply, exchange: Exchange, effects: UserPiEffect[]): UserPi {
  if (pi.policy.security === "implicit" && pi.policy.dataProtection === "P") return learnt(pi, { protection: "P" });
  return leaveWith(pi, refusal(exchange, reply, "SALLYPORT_PROTECTION_REFUSED"), effects);
}

function featuresTaken(pi: UserPi, reply: ReceivedReply): UserPi {
  return learnt(pi, { features: featuresOf(reply, pi.policy.limits.featuresCount) });
}

/** Reads FEAT lines, whatever they are indented with (D-13). */
function featuresOf({ lines }: ReceivedReply, countMax: number): Features {
  const features = new Map<string, Octets>();
  for (const line of lines.slice(1, -1)) {
    const [, verb, argument = ""] = /^\s*(?:211-)?\s*(\S+)(?:\s+(.*?))?\s*$/.exec(line) ?? [];
    if (verb === undefined || features.size >= countMax) continue;
    const before = features.get(verb.toUpperCase());
    features.set(verb.toUpperCase(), (before === undefined ? argument : `${before};${argument}`) as Octets);
  }
  return features;
}

function learnt(pi: UserPi, known: Partial<UserPi["opening"]>): UserPi {
  return { ...pi, opening: { ...pi.opening, ...known } };
}

/** TLS is there: what was heard before it counts for nothing (S-02). */
export function tlsEstablished(pi: UserPi, effects: UserPiEffect[]): UserPi {
  const next = disarm(underNewProtection(pi, "tls"), effects);
  return next.phase === "greeting" ? arm(next, "greeting", effects) : next;
}
