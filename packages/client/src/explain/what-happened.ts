import type { FailureFacts } from "./explanation.ts";

/** Tells how far things went, and where they ended, in a sentence or two; undefined for what is no failure of a connection. */
export function whatHappened(facts: FailureFacts): string | undefined {
  return stages.find(([code]) => code.test(facts.code))?.[1](facts);
}

/** By the code of the error; the first that fits. */
const stages: readonly (readonly [code: RegExp, tell: (facts: FailureFacts) => string])[] = [
  [/_HOST_UNKNOWN/, () => "The name was looked up and has no address, so nobody was asked anything."],
  [/_PROXY_/, () => "The proxy did not make the connection, so the server was not asked anything."],
  [/_CONNECT_/, () => "No connection to the server came about, so nothing was said and no password was sent."],
  [/_NOT_TLS/, () => "The server was reached and spoke in clear where TLS has to begin. No name or password was sent."],
  [
    /_IMPLICIT_PORT/,
    () => "The server was reached and waits for TLS before it says anything. No name or password was sent.",
  ],
  [/_HANDSHAKE_/, () => "The server was reached, and no TLS came about with it. No name or password was sent."],
  [
    /_(?:CERTIFICATE|PIN)_/,
    () => "TLS came about, and the server's certificate was refused here. No name or password was sent.",
  ],
  [
    /_GSSAPI_NOT_OFFERED/,
    (facts) => `The server was reached and does not take AUTH GSSAPI${said(facts)}. No name or password was sent.`,
  ],
  [
    /_GSSAPI_REFUSED/,
    (facts) => `The server was reached and refused the Kerberos ticket${said(facts)}. No name or password was sent.`,
  ],
  [/_GSSAPI_(?:MESSAGE_REJECTED|CONTEXT_EXPIRED)/, () => "The connection stood, under Kerberos, and was given up."],
  [/_GSSAPI_|_REPLY_UNPROTECTED/, () => "The server was reached, and Kerberos does not protect a connection to it."],
  [/_TLS_(?:UNAVAILABLE|DOWNGRADE)/, () => "The server was reached and offers no TLS. No name or password was sent."],
  [/_TLS_INJECTION/, () => "Somebody put replies in clear before TLS. No name or password was sent."],
  [
    /_LOGIN_REFUSED/,
    (facts) => `${standing(facts)}, and the server refused the login when it was sent ${sent(facts)}${said(facts)}.`,
  ],
  [/_PROTECTION_REFUSED/, () => "The login was taken, and the server refused how files are to be protected (PROT)."],
  [
    /_NO_DATA_SETUP/,
    (facts) => `The login was taken, and the server refused to set up a data connection${said(facts)}.`,
  ],
  [/_DATA_TRUNCATED/, () => "The data connection ended as one that was cut ends: what came may not be the whole."],
  [/_DATA_|_NOT_RESUMED/, dataFailed],
  [
    /_NOT_A_REPLY|_REPLY_UNEXPECTED|_REPLY_UNSOLICITED|_REPLY_UNREADABLE/,
    (facts) => `The server answered, and not as FTP has it${said(facts)}.`,
  ],
  [/_UNAVAILABLE$/, () => "The server was reached, and does not have what this needs."],
  [/_REPLY_TIMEOUT|_IMPLICIT_PORT/, silence],
  [/_CONNECTION_LOST/, (facts) => `The server ended the control connection ${afterWhat(facts)}.`],
  [/_CONNECTION_OVER/, () => "The control connection had ended before this was asked."],
  [/_SERVICE_CLOSING/, (facts) => `The server said that it closes the connection${said(facts)}.`],
  [/_(?:COMMAND|RESTART|PARAMETER)_REFUSED/, refused],
  [/_LOCAL_/, () => "It failed on this machine: the server has no part in it."],
];

function standing({ circumstances: { isGssapi, tlsVersion } }: FailureFacts): string {
  if (isGssapi === true) return "The connection stood, under Kerberos";
  return tlsVersion === undefined ? "The connection stood, in clear" : `The connection stood, under ${tlsVersion}`;
}

function sent({ verb }: FailureFacts): string {
  return verb === "USER" ? "the name" : verb === "ACCT" ? "the account" : "the password";
}

function said({ replyCode, replyText }: FailureFacts): string {
  return replyCode === undefined ? "" : `: ${replyCode} "${replyText}"`;
}

function refused(facts: FailureFacts): string {
  const { verb, circumstances } = facts;
  const after = facts.dialogue.at(-2)?.startsWith("1") === true;
  const began = `The login was taken${circumstances.tlsVersion === undefined ? "" : `, under ${circumstances.tlsVersion}`}`;
  if (!after) return `${began}, and the server refused ${verb ?? "a command"}${said(facts)}.`;
  const { dataResumed } = circumstances;
  const how =
    dataResumed === undefined
      ? ""
      : `, which ${dataResumed ? "had resumed" : "had not resumed"} the control connection's TLS`;
  return `${began}. The server began with ${verb ?? "the command"}, and gave up on its data connection${how}: ${facts.replyCode} "${facts.replyText}".`;
}

function dataFailed({ circumstances, dialogue }: FailureFacts): string {
  const named = dialogue.findLast((line) => /^22[79]/.test(line));
  if (circumstances.dataSetup === "active") {
    return "The login was taken. The server was told where to connect to for the data, and it did not come, or the connection broke.";
  }
  return named === undefined
    ? "The login was taken, and the data connection could not be used."
    : `The login was taken. The server named a place for the data connection ("${named}"), and that could not be reached, or broke.`;
}

function silence({ verb, dialogue, messages }: FailureFacts): string {
  if (/\(greeting\)/.test(messages) || dialogue.length === 0) {
    return "The server took the connection and said nothing. No name or password was sent.";
  }
  return `The server stopped answering${verb === undefined ? "" : ` after ${verb}`}; the connection itself did not break.`;
}

function afterWhat({ verb, dialogue, messages }: FailureFacts): string {
  const last = verb ?? dialogue.findLast((line) => /^[A-Z]{3,4}\b/.test(line))?.split(" ")[0];
  if (last === undefined) return "before it had said anything";
  const saidInClear = /bad.record.type|wrong.version.number/i.test(messages);
  return `after ${last}, ${saidInClear ? "with something in clear that nobody may believe" : "without a word"}`;
}
