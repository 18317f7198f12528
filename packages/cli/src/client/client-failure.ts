import {
  CommandRefused,
  ConfigError,
  displayOctets,
  IntegrityError,
  PeerIncompatible,
  PeerViolation,
  SallyportError,
  TlsError,
  TransportError,
  UsageError,
  type Octets,
  type ReceivedReply,
} from "@sallyport/protocol";
import { CertificateError } from "@sallyport/transport";
import { exitCodes, sallyportCode, type ExitCode } from "../exit-codes.ts";
import { quotedName, visibleText } from "../terminal/visible-text.ts";

/** A failure as a command ends with it: one sentence, and the exit code that says of what kind it is. */
export class ClientFailure extends SallyportError {
  readonly exitCode: ExitCode;
  /** What the server said, where it did. */
  readonly reply?: { readonly code: number; readonly text: string };

  constructor(facts: Pick<ClientFailure, "code" | "message" | "exitCode" | "reply">, cause: unknown) {
    super(facts.code, facts.message, cause === undefined ? undefined : { cause });
    this.exitCode = facts.exitCode;
    if (facts.reply !== undefined) this.reply = facts.reply;
  }

  /** Lines to be shown behind the sentence. */
  linesBehind: readonly string[] = [];

  /** The same failure with more to be said of it. */
  withLines(linesBehind: readonly string[]): this {
    this.linesBehind = linesBehind;
    return this;
  }
}

/** Puts a failure into words; `place` is the file it is about, where the failure does not say. */
export function clientFailure(error: unknown, place?: string): unknown {
  if (error instanceof ClientFailure) return error;
  return refusalFailure(error) ?? localFailure(error, place) ?? otherFailure(error);
}

/** The part of a long reply that fits a sentence. */
const replyCharacters = 300;

/** The reply with which a server said no; undefined for any other failure. */
export function refusalReply(error: unknown): ReceivedReply | undefined {
  const code = sallyportCode(error);
  if (code === undefined || !refusalCodes.has(code)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- errors of a dialogue carry its facts
  return (error as { readonly reply?: ReceivedReply }).reply;
}

function refusalFailure(error: unknown): ClientFailure | undefined {
  const code = sallyportCode(error);
  const reply = refusalReply(error);
  if (code === undefined || reply === undefined) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- errors of a dialogue carry its facts
  const { command } = error as { readonly command?: Octets };
  const text = replyText(reply);
  const said = `${reply.code} ${text}`.trim();
  const verb = /^\w+/.exec(command ?? "")?.[0]?.toUpperCase() ?? "";
  const login = loginSteps[code];
  const exitCode = login === undefined ? exitCodeOfRefusal(reply.code, text, verb) : exitCodes.noUser;
  const subject = login ?? (command === undefined ? "that" : displayOctets(command).slice(0, replyCharacters));
  const isUnprotected = reply.code === 534 && transferringVerbs.has(verb);
  const message = `The server refuses ${subject}: ${isUnprotected ? said.replace(/\.$/, protectionAdvice) : said}`;
  return new ClientFailure({ code, message, exitCode, reply: { code: reply.code, text } }, error);
}

/** What a server refuses before anybody is logged in, whose command holds secrets. */
const loginSteps: Readonly<Record<string, string>> = {
  SALLYPORT_LOGIN_REFUSED: "the login",
  SALLYPORT_GSSAPI_REFUSED: "the Kerberos ticket",
};

/** TLS has 521 for it (RFC 2228 §6, RFC 4217 §10.2). */
const protectionAdvice = "; --gssapi-protection safe or private does.";
const transferringVerbs: ReadonlySet<string> = new Set(["MLSD", "LIST", "NLST", "RETR", "STOR", "STOU", "APPE"]);

const refusalCodes: ReadonlySet<string> = new Set([
  ...Object.keys(loginSteps),
  "SALLYPORT_COMMAND_REFUSED",
  "SALLYPORT_RESTART_REFUSED",
  "SALLYPORT_SERVICE_CLOSING",
  "SALLYPORT_PARAMETER_REFUSED",
]);

function replyText({ lines }: ReceivedReply): string {
  const text = lines
    .map((line) =>
      visibleText(displayOctets(line))
        .replace(/^\d{3}[- ]/, "")
        .trim(),
    )
    .join(" ");
  return text.length > replyCharacters ? `${text.slice(0, replyCharacters)}…` : text;
}

/** Reply 550 means many things, which servers tell apart in words. */
const refusalWords: readonly (readonly [RegExp, ExitCode])[] = [
  [/no such|not found|cannot find|can't find|does(?: not|n't) exist|not exist|no .*files?\b/i, exitCodes.notFound],
  [
    /permission|denied|not permitted|not allowed|forbidden|read-only|not authori[sz]ed|privilege/i,
    exitCodes.noPermission,
  ],
  [
    /quota|no space|disk full|storage|exists|not empty|is a directory|not a (?:directory|file|plain file)/i,
    exitCodes.cannotCreate,
  ],
];

const writingVerbs: ReadonlySet<string> = new Set(["STOR", "STOU", "APPE", "MKD", "XMKD", "RNTO", "MFMT", "ALLO"]);

function exitCodeOfRefusal(code: number, text: string, verb: string): ExitCode {
  if (code === 530 || code === 532) return exitCodes.noUser;
  if (code === 421 || code === 425 || code === 426) return exitCodes.unavailable;
  if (code === 452 || code === 552) return exitCodes.cannotCreate;
  if (code >= 450 && code !== 451 && !(code >= 500 && code <= 504)) {
    const told = refusalWords.find(([pattern]) => pattern.test(text))?.[1];
    if (told !== undefined) return told;
    if (code === 450 || code === 550) return writingVerbs.has(verb) ? exitCodes.cannotCreate : exitCodes.notFound;
    if (code === 553) return exitCodes.cannotCreate;
  }
  return exitCodes.failure;
}

/** Errors of the local file system, by their errno. */
const localErrors: Readonly<Record<string, readonly [text: string, exitCode: ExitCode]>> = {
  ENOENT: ["does not exist", exitCodes.notFound],
  ENOTDIR: ["has something in its path that is no directory", exitCodes.notFound],
  EACCES: ["is not open to this user", exitCodes.noPermission],
  EPERM: ["is not open to this user", exitCodes.noPermission],
  EISDIR: ["is a directory", exitCodes.cannotCreate],
  EEXIST: ["exists already", exitCodes.cannotCreate],
  ENOTEMPTY: ["is a directory that is not empty", exitCodes.cannotCreate],
  ENOSPC: ["cannot be written: the disk is full", exitCodes.cannotCreate],
  EDQUOT: ["cannot be written: the disk quota is used up", exitCodes.cannotCreate],
  EROFS: ["cannot be written: the file system is read-only", exitCodes.cannotCreate],
  EFBIG: ["cannot be written: it is too large for the file system", exitCodes.cannotCreate],
  ENAMETOOLONG: ["has a name that is too long for the file system", exitCodes.cannotCreate],
  EMFILE: ["cannot be opened: too many files are open", exitCodes.unavailable],
  EIO: ["cannot be read or written: the disk fails", exitCodes.cannotCreate],
};

function localFailure(error: unknown, place: string | undefined): ClientFailure | undefined {
  // What a setting names is told of by whoever read it.
  if (error instanceof ConfigError) return undefined;
  for (let cause = error, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth++) {
    if (!("syscall" in cause) || !("code" in cause) || isSocketCall(String(cause.syscall))) continue;
    const known = localErrors[String(cause.code)];
    if (known === undefined) continue;
    const path = place ?? ("path" in cause ? String(cause.path) : "A local file");
    const [text, exitCode] = known;
    return new ClientFailure(
      { code: `SALLYPORT_LOCAL_${String(cause.code)}`, message: `${quotedName(path)} ${text}`, exitCode },
      error,
    );
  }
  return undefined;
}

function isSocketCall(syscall: string): boolean {
  return /^(?:connect|bind|listen|getaddrinfo|getnameinfo|querySrv|shutdown)/.test(syscall);
}

/** Who is to blame says mostly of what kind a failure is; families that others belong to stand last. */
const exitCodesOfFamilies: readonly (readonly [family: new (...facts: never) => Error, exitCode: ExitCode])[] = [
  [CertificateError, exitCodes.untrusted],
  [IntegrityError, exitCodes.integrity],
  [CommandRefused, exitCodes.failure],
  [PeerViolation, exitCodes.protocol],
  [PeerIncompatible, exitCodes.protocol],
  [TlsError, exitCodes.protocol],
  [TransportError, exitCodes.unavailable],
  [UsageError, exitCodes.usage],
];

/** Failures that are of another kind than their family, by the beginning of their code. */
const exitCodesOfCodes: readonly (readonly [prefix: string, exitCode: ExitCode])[] = [
  ["SALLYPORT_GSSAPI_NO_CREDENTIALS", exitCodes.noUser],
  ["SALLYPORT_GSSAPI_CREDENTIALS_EXPIRED", exitCodes.noUser],
  ["SALLYPORT_GSSAPI_REFUSED", exitCodes.noUser],
  ["SALLYPORT_GSSAPI_UNKNOWN_PRINCIPAL", exitCodes.untrusted],
  ["SALLYPORT_GSSAPI_WRONG_KEY", exitCodes.untrusted],
  ["SALLYPORT_GSSAPI_TOKEN_REJECTED", exitCodes.untrusted],
  ["SALLYPORT_GSSAPI_MESSAGE_REJECTED", exitCodes.protocol],
  ["SALLYPORT_GSSAPI_CLOCK_SKEW", exitCodes.configuration],
  ["SALLYPORT_GSSAPI_CONTEXT_EXPIRED", exitCodes.unavailable],
  ["SALLYPORT_GSSAPI_UNAVAILABLE", exitCodes.unavailable],
  ["SALLYPORT_GSSAPI_FAILED", exitCodes.unavailable],
  ["SALLYPORT_INTERRUPTED", exitCodes.interrupted],
  ["SALLYPORT_TERMINATED", exitCodes.terminated],
  ["SALLYPORT_NOT_FOUND", exitCodes.notFound],
  ["SALLYPORT_FILE_EXISTS", exitCodes.cannotCreate],
  ["SALLYPORT_CREDENTIAL_MISSING", exitCodes.noUser],
  ["SALLYPORT_LOGIN_REFUSED", exitCodes.noUser],
  ["SALLYPORT_PIN_UNREADABLE", exitCodes.usage],
  ["SALLYPORT_PROXY_URL", exitCodes.usage],
  ["SALLYPORT_TLS_DOWNGRADE", exitCodes.untrusted],
  ["SALLYPORT_DATA_CERTIFICATE_CHANGED", exitCodes.untrusted],
  ["SALLYPORT_DATA_TRUNCATED", exitCodes.partial],
  ["SALLYPORT_HASH_UNAVAILABLE", exitCodes.failure],
  ["SALLYPORT_HANDSHAKE_TIMEOUT", exitCodes.unavailable],
  ["SALLYPORT_SERVICE_CLOSING", exitCodes.unavailable],
  ["SALLYPORT_CONNECTION_OVER", exitCodes.unavailable],
  ["SALLYPORT_QUEUE_FULL", exitCodes.software],
  ["SALLYPORT_ABORTED", exitCodes.software],
];

/** Goes on with the sentence of the library, which names the pin. */
const trustAdvice =
  " (--pin), or trust the authority that signed it (--ca FILE) or whatever key it has now (--trust-on-first-use)";

function otherFailure(error: unknown): unknown {
  const code = sallyportCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  const exitCode =
    exitCodesOfCodes.find(([prefix]) => code.startsWith(prefix))?.[1] ??
    exitCodesOfFamilies.find(([family]) => error instanceof family)?.[1];
  if (exitCode === undefined) return error;
  const advice = adviceOn(error, code);
  const message = advice === undefined ? error.message : `${error.message.replace(/\.$/, "")}${advice}`;
  return new ClientFailure({ code, message, exitCode }, error);
}

function adviceOn(error: Error, code: string): string | undefined {
  // A pin is not made to fit by another flag.
  if (error instanceof CertificateError) return code.startsWith("SALLYPORT_PIN") ? undefined : trustAdvice;
  const advice =
    code === "SALLYPORT_REPLY_TIMEOUT" && error.message.includes("greeting") ? greetingAdvice : adviceByCode[code];
  return advice === undefined ? undefined : `; ${advice}`;
}

/** Which flag helps, which the library cannot know. */
const adviceByCode: Readonly<Record<string, string>> = {
  SALLYPORT_NOT_TLS: "ftpes:// or --explicit asks for TLS in the way that such a port has it",
  SALLYPORT_IMPLICIT_PORT: "ftps:// or --implicit speaks it",
  SALLYPORT_TLS_UNAVAILABLE: "--plain does without, and everybody on the way can read password and files",
  SALLYPORT_GSSAPI_NO_CREDENTIALS: "kinit gets one",
  SALLYPORT_GSSAPI_CREDENTIALS_EXPIRED: "kinit gets another",
  SALLYPORT_GSSAPI_UNKNOWN_PRINCIPAL: "--gssapi-service SERVICE@HOST says what the realm knows it as",
  SALLYPORT_GSSAPI_CLOCK_SKEW: "set the clock that is wrong",
  SALLYPORT_GSSAPI_NOT_OFFERED: "without --gssapi it is TLS that protects",
  SALLYPORT_FXP_REFUSED: "without --mode direct the file comes through here",
};

/** A port that wants TLS from the first octet says nothing before it. */
const greetingAdvice = "if the port wants TLS from the first octet, ftps:// or --implicit speaks it";
