import { hostKey, isProtectedForLogin, octetsFromText, reply, type Reply, rootPath } from "@sallyport/protocol";
import { type Account, type LoginAttempt, type LoginFacts, type LoginVerdict } from "@sallyport/server/accounts";
import { StorageError } from "@sallyport/server/storage";
import { setTimeout as delay } from "node:timers/promises";
import type { CommandContext, Outcome } from "../command-handler.ts";
import type { ServerEnvironment } from "../environment.ts";
import type { LoginMethod } from "./login-state.ts";
import { principalOf } from "./principals.ts";

const wrong = reply(530, "Wrong user name or password.");
const tooMany = reply(421, "Too many connections.");

/** What the authenticator may know about the peer. */
export function loginFacts(
  { control, environment, state }: CommandContext,
  gssapi: ServerEnvironment["gssapi"] = environment.gssapi,
): LoginFacts {
  const { tls, security } = control;
  const host = state.host ?? tls?.serverName;
  return {
    remoteAddress: control.remoteAddress,
    tls: tls !== undefined,
    ...(host === undefined ? {} : { host }),
    // A certificate that no authority vouches for says nothing about who it is.
    ...(tls?.clientCertificate === undefined || tls.clientCertificate.problem !== undefined
      ? {}
      : { clientCertificate: tls.clientCertificate }),
    ...(security === undefined ? {} : { principal: principalOf(security.facts, gssapi?.principals) }),
  };
}

/**
 * Checks a password: judged by the throttle before anything is hashed, answered late after a failure, and in the same
 * way whatever was wrong (S-12, S-13).
 */
export async function checkPassword(context: CommandContext, user: string, password: string): Promise<Outcome> {
  const { environment, signal } = context;
  const facts = loginFacts(context);
  const attempt = { remoteAddress: facts.remoteAddress, user, abandoned: false };
  const judgement = await environment.ledger.judge(attempt);
  // Counted too, or one connection could go on for ever.
  if (judgement.kind === "refused") return refuseLogin(context, user, judgement.reason, 1);
  await waited(judgement.delayMs, signal);
  if (signal.aborted) return leaveUnanswered(context, attempt);
  const verdict = await authenticate(context, user, password, {
    ...facts,
    precedence: judgement.precedence,
    gone: signal,
  });
  switch (verdict.kind) {
    case "accepted": {
      if (lacksTls(context, verdict.account)) {
        // A right password that may not be used is answered as late as a wrong one, or it would be found out (S-12).
        await waited(await countFailure(context, attempt), signal);
        return refuseLogin(context, user, noTls, 1);
      }
      return acceptLogin(context, user, verdict.account, verdict.account.anonymous ? "anonymous" : "password");
    }
    case "refused": {
      await waited(await countFailure(context, attempt), signal);
      return refuseLogin(context, user, verdict.reason ?? "wrong user name or password", 1);
    }
    case "throttled":
      return refuseLogin(context, user, verdict.reason, 0);
    case "unavailable":
      if (signal.aborted) return leaveUnanswered(context, attempt);
      context.emit({ kind: "login-failed", user, cause: verdict.reason });
      return { reply: reply(421, "Logins are not possible at the moment.") };
  }
}

/** Nobody waits for the answer any more; the attempt counts all the same. */
async function leaveUnanswered(context: CommandContext, attempt: Required<LoginAttempt>): Promise<Outcome> {
  await countFailure(context, { ...attempt, abandoned: true });
  context.emit({ kind: "login-failed", user: attempt.user, cause: "the peer left before the answer" });
  return {};
}

/** Counts a failure, tells of the ban that it may begin, and returns how long its reply waits. */
async function countFailure({ environment }: CommandContext, attempt: Required<LoginAttempt>): Promise<number> {
  const { delayMs, bannedUntilMs, banBegins } = await environment.ledger.failed(attempt);
  if (banBegins === true && bannedUntilMs !== undefined) {
    const { remoteAddress } = attempt;
    const facts = { remoteAddress, host: hostKey(remoteAddress), until: new Date(bannedUntilMs) };
    environment.emit({ kind: "address-banned", atMs: Date.now(), ...facts, cause: "too many wrong passwords" });
  }
  return delayMs;
}

/** Waits, or until the connection is gone. */
async function waited(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await delay(delayMs, undefined, { signal }).catch(() => undefined);
}

async function authenticate(
  context: CommandContext,
  user: string,
  password: string,
  facts: LoginFacts,
): Promise<LoginVerdict> {
  try {
    return await context.environment.authenticator.authenticate(user, password, facts);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { kind: "unavailable", reason: `the authenticator failed: ${cause}` };
  }
}

/** Completes a login unless the account's own policy forbids it on this connection. */
export async function acceptLogin(
  context: CommandContext,
  user: string,
  account: Account,
  method: LoginMethod,
): Promise<Outcome> {
  const { environment, control } = context;
  const policy = environment.policyFor(control.listener, account);
  if (lacksTls(context, account)) return refuseLogin(context, user, noTls, 0);
  // Who logs in without a secret has shown nothing, and could do so from everywhere it guesses from.
  if (method !== "anonymous" && method !== "open")
    environment.ledger.succeeded({ remoteAddress: control.remoteAddress, user });
  // Nobody would give back the place of a connection that ended while its password was checked.
  context.signal.throwIfAborted();
  const claimed = await environment.ledger.claimLogin(control.id, account);
  if (!claimed) return refuseLogin(context, user, "the account has too many connections", 0, tooMany);
  const login = await environment.openLogin(account, control).catch((error: unknown) => {
    if (!(error instanceof StorageError)) throw error;
    return undefined;
  });
  if (login === undefined) return refuseLogin(context, user, "the home directory of the account cannot be entered", 0);
  context.emit({ kind: "login", account: account.name, user, method });
  return {
    reply: welcome(context, method, user),
    changes: {
      login: { kind: "logged-in", user, account: { ...login, method, sinceMs: Date.now() } },
      workingDirectory: rootPath,
      policy,
    },
  };
}

function welcome({ control }: CommandContext, method: LoginMethod, user: string): Reply {
  if (method === "client-certificate") return reply(232, "Logged in by certificate.");
  if (method !== "kerberos" || control.security === undefined) return reply(230, "Logged in.");
  const { mechanism, facts } = control.security;
  // The words of MIT's server, which people look for in logs.
  return { code: 232, lines: [octetsFromText(`${mechanism} user ${facts.peerName} is authorized as ${user}`)] };
}

/**
 * 530 to a principal that may not have the account, or there is no such account: which of them is not told. The peer knows
 * both names already.
 */
export function refusePrincipal(context: CommandContext, user: string): Outcome {
  const principal = context.control.security?.facts.peerName ?? "";
  const names = [principal, user].map((name) =>
    name.length > nameCharacters ? `${name.slice(0, nameCharacters)}…` : name,
  );
  const answer = reply(530, `Kerberos principal ${names[0]} may not log in as ${names[1]}.`);
  return refuseLogin(context, user, `${principal} may not have the account`, 1, answer);
}

/** The part of a name that fits a reply. */
const nameCharacters = 128;

/** 530 to a login without Kerberos where it is required. */
export function refuseWithoutKerberos(context: CommandContext): Outcome {
  const cause = "Kerberos is required for the login, and the client did not send AUTH GSSAPI";
  context.emit({ kind: "command-refused", verb: context.verb, replyCode: 530, cause });
  return { reply: reply(530, "Kerberos is required: send AUTH GSSAPI first.") };
}

/** 530 to a login in the clear where TLS is required; the log has a line, since it is the commonest question. */
export function refuseWithoutTls(context: CommandContext): Outcome {
  const cause = "TLS is required for the login, and the client did not send AUTH TLS";
  context.emit({ kind: "command-refused", verb: context.verb, replyCode: 530, cause });
  return { reply: reply(530, "TLS is required: send AUTH TLS first.") };
}

const noTls = "this account needs TLS and the connection is clear";

function lacksTls({ environment, control, state }: CommandContext, account: Account): boolean {
  return !isProtectedForLogin(environment.policyFor(control.listener, account), state.control);
}

function refuseLogin(
  context: CommandContext,
  user: string,
  cause: string,
  count: 0 | 1,
  answer: Reply = wrong,
): Outcome {
  const loginFailuresCount = context.state.loginFailuresCount + count;
  context.emit({ kind: "login-failed", user, cause });
  if (answer.code === 421) return { reply: answer };
  const spent = loginFailuresCount >= context.limits.loginFailuresCount;
  return {
    reply: spent ? reply(421, "Too many failed logins.") : answer,
    changes: { login: { kind: "greeted" }, loginFailuresCount },
  };
}
