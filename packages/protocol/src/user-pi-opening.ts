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
    return mechanism === undefined ? noTls : { purpose: "auth", verb: "AUTH", argument: mechanism as Octets };
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

/** RFC 4217 §9 for TLS; tokens of other mechanisms have a size. */
const bufferSizes = { tls: "0" as Octets, wrapped: "1048576" as Octets };

const noTls: Fault = {
  code: "SALLYPORT_TLS_UNAVAILABLE",
  message: "The server offers no protection that the policy accepts",
};

function secret(purpose: Purpose, verb: string, argument: Octets | undefined): NextCommand | Fault {
  if (argument !== undefined) return { purpose, verb, argument };
  return { code: "SALLYPORT_CREDENTIAL_MISSING", message: `The server asks for ${verb}, and none was given` };
}

/** What a reply does to the opening, a row for each purpose; rows stand for 2yz and 3yz, and for 4yz and 5yz. */
export const openingReplies: Partial<Record<Purpose, { readonly taken: Taker; readonly refused: Taker }>> = {
  auth: { taken: authTaken, refused: authRefused },
  adat: { taken: authTaken, refused: authRefused },
  host: { taken: (pi) => learnt(pi, { hostGiven: true }), refused: hostRefused },
  user: { taken: loginTaken, refused: loginRefused },
  pass: { taken: loginTaken, refused: loginRefused },
  acct: { taken: loginTaken, refused: loginRefused },
  // Some servers refuse PBSZ and mean nothing by it; PROT decides.
  pbsz: { taken: bufferSizeTaken, refused: bufferSizeTaken },
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
export function tokenCame(pi: UserPi, token: Octets | undefined, effects: UserPiEffect[]): UserPi {
  if (pi.phase !== "tokens") return pi;
  if (token === undefined) return leaveWith(pi, noTls, effects);
  return send({ ...pi, phase: "opening" }, { purpose: "adat", verb: "ADAT", argument: token }, effects);
}

/** Says QUIT, since the connection stands, and leaves it (R-4217-08). */
export function leaveWith(pi: UserPi, fault: Fault, effects: UserPiEffect[]): UserPi {
  effects.push({ kind: "send", line: "QUIT" as Octets });
  return close(pi, fault, fault.retry === "again" ? "later" : "never", effects);
}

function authTaken(pi: UserPi, reply: ReceivedReply, _: Exchange, effects: UserPiEffect[]): UserPi {
  const mechanism = pi.policy.mechanisms[pi.opening.mechanism];
  if (mechanism !== "GSSAPI") {
    if (reply.code >= 300) return nextMechanism(pi);
    effects.push({ kind: "start-tls" });
    return arm({ ...pi, phase: "handshaking" }, "handshake", effects);
  }
  const token = adatOf(reply);
  if (reply.code >= 300) {
    effects.push({ kind: "next-security-token", token });
    return { ...pi, phase: "tokens" };
  }
  effects.push({ kind: "wrap-commands" });
  return underNewProtection(pi, "wrapped");
}

function adatOf({ lines }: ReceivedReply): Octets | undefined {
  const [text = "" as Octets] = lines;
  return typeof parseAdat(text) === "string" ? undefined : (text.replace(/^.*?ADAT=/is, "") as Octets);
}

function authRefused(pi: UserPi): UserPi {
  return nextMechanism(pi);
}

function nextMechanism(pi: UserPi): UserPi {
  return learnt(pi, { mechanism: pi.opening.mechanism + 1 });
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

function bufferSizeTaken(pi: UserPi): UserPi {
  return learnt(pi, { bufferSizeGiven: true });
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
