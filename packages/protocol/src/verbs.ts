import type { argumentGrammars } from "./arguments.ts";

type GrammarName = keyof typeof argumentGrammars;

/** Capabilities that an operator switches on; their verbs answer 502 while they are off. */
export type OptionalCapability = "ccc" | "fxp" | "recursive-removal";

/** What the server-PI needs to know of a verb before its handler runs; HELP, FEAT and the documents read it too. */
export interface VerbRow {
  /** Grammar of the argument; its value is what the handler receives. */
  readonly argument: GrammarName;
  /** `anyone`: also before login. */
  readonly access: "anyone" | "logged-in";
  /** The command sends or receives over a data connection: its protection level is checked and REST is used up. */
  readonly transfers?: "send" | "receive";
  /** The command prepares a data connection in a way that EPSV ALL forbids (RFC 2428 §4). */
  readonly forbiddenByEpsvAll?: true;
  /** Answered while a transfer runs, ahead of everything queued (R-959-60 to R-959-63). */
  readonly interrupts?: true;
  readonly capability?: OptionalCapability;
  /** FEAT line without its leading space; `computed` where it depends on state. */
  readonly feature?: string;
  /** For HELP: verb and argument. */
  readonly syntax: string;
  /** For HELP: what it does, in a few words. */
  readonly purpose: string;
  readonly source: string;
}

/** Every verb that has a handler, one row each. */
export const verbs = {
  ABOR: {
    argument: "ignored",
    access: "anyone",
    interrupts: true,
    syntax: "ABOR",
    purpose: "end the transfer",
    source: "RFC 959 §4.1.3",
  },
  ACCT: {
    argument: "password",
    access: "anyone",
    syntax: "ACCT account",
    purpose: "give an account name",
    source: "RFC 959 §4.1.1",
  },
  ADAT: {
    argument: "base64",
    access: "anyone",
    syntax: "ADAT base64",
    purpose: "security data",
    source: "RFC 2228 §3",
  },
  ALLO: {
    argument: "allocation",
    access: "logged-in",
    syntax: "ALLO octets [R octets]",
    purpose: "announce the size of an upload",
    source: "RFC 959 §4.1.3",
  },
  APPE: {
    argument: "pathname",
    access: "logged-in",
    transfers: "receive",
    syntax: "APPE path",
    purpose: "append to a file",
    source: "RFC 959 §4.1.3",
  },
  AUTH: {
    argument: "text",
    access: "anyone",
    feature: "computed",
    syntax: "AUTH mechanism",
    purpose: "protect the control connection",
    source: "RFC 2228 §3, RFC 4217 §4",
  },
  AVBL: {
    argument: "optionalPathname",
    access: "logged-in",
    feature: "AVBL",
    syntax: "AVBL [path]",
    purpose: "octets that can still be stored",
    source: "draft-peterson-streamlined-ftp-command-extensions",
  },
  CCC: {
    argument: "none",
    access: "anyone",
    capability: "ccc",
    feature: "CCC",
    syntax: "CCC",
    purpose: "clear the control connection",
    source: "RFC 2228 §3, RFC 4217 §12.3",
  },
  CDUP: {
    argument: "none",
    access: "logged-in",
    syntax: "CDUP",
    purpose: "go to the parent directory",
    source: "RFC 959 §4.1.1",
  },
  CLNT: {
    argument: "optionalText",
    access: "anyone",
    feature: "CLNT",
    syntax: "CLNT name",
    purpose: "name the client",
    source: "practice",
  },
  CONF: {
    argument: "base64",
    access: "anyone",
    syntax: "CONF base64",
    purpose: "confidential command",
    source: "RFC 2228 §3",
  },
  CPSV: {
    argument: "none",
    access: "logged-in",
    forbiddenByEpsvAll: true,
    capability: "fxp",
    feature: "CPSV",
    syntax: "CPSV",
    purpose: "PASV with TLS roles swapped",
    source: "practice",
  },
  CSID: {
    argument: "optionalText",
    access: "anyone",
    feature: "CSID",
    syntax: "CSID Name=...;Version=...;",
    purpose: "exchange product names",
    source: "draft-peterson-streamlined-ftp-command-extensions",
  },
  CWD: {
    argument: "pathname",
    access: "logged-in",
    syntax: "CWD path",
    purpose: "change the directory",
    source: "RFC 959 §4.1.1",
  },
  DELE: {
    argument: "pathname",
    access: "logged-in",
    syntax: "DELE path",
    purpose: "delete a file",
    source: "RFC 959 §4.1.3",
  },
  DSIZ: {
    argument: "optionalPathname",
    access: "logged-in",
    feature: "DSIZ",
    syntax: "DSIZ [path]",
    purpose: "octets in a directory tree",
    source: "draft-peterson-streamlined-ftp-command-extensions",
  },
  ENC: {
    argument: "base64",
    access: "anyone",
    syntax: "ENC base64",
    purpose: "private command",
    source: "RFC 2228 §3",
  },
  EPRT: {
    argument: "extendedEndpoint",
    access: "logged-in",
    forbiddenByEpsvAll: true,
    feature: "EPRT",
    syntax: "EPRT |af|address|port|",
    purpose: "active data connection",
    source: "RFC 2428 §2",
  },
  EPSV: {
    argument: "extendedPassive",
    access: "logged-in",
    feature: "EPSV",
    syntax: "EPSV [1|2|ALL]",
    purpose: "passive data connection",
    source: "RFC 2428 §3",
  },
  FEAT: { argument: "none", access: "anyone", syntax: "FEAT", purpose: "list extensions", source: "RFC 2389 §3" },
  HASH: {
    argument: "pathname",
    access: "logged-in",
    feature: "computed",
    syntax: "HASH path",
    purpose: "digest of a file",
    source: "draft-bryan-ftpext-hash",
  },
  HELP: {
    argument: "optionalText",
    access: "anyone",
    syntax: "HELP [verb]",
    purpose: "this text",
    source: "RFC 959 §4.1.3",
  },
  HOST: {
    argument: "text",
    access: "anyone",
    feature: "HOST",
    syntax: "HOST name",
    purpose: "choose the virtual host",
    source: "RFC 7151",
  },
  LANG: {
    argument: "optionalText",
    access: "anyone",
    feature: "computed",
    syntax: "LANG [tag]",
    purpose: "language of replies",
    source: "RFC 2640 §4",
  },
  LIST: {
    argument: "optionalPathname",
    access: "logged-in",
    transfers: "send",
    syntax: "LIST [-alRtrS1] [path]",
    purpose: "list for people",
    source: "RFC 959 §4.1.3",
  },
  MD5: {
    argument: "pathname",
    access: "logged-in",
    syntax: "MD5 path",
    purpose: "MD5 digest of a file",
    source: "draft-twine-ftpmd5",
  },
  MDTM: {
    argument: "pathname",
    access: "logged-in",
    feature: "MDTM",
    syntax: "MDTM path",
    purpose: "time of last change",
    source: "RFC 3659 §3",
  },
  MFCT: {
    argument: "timeAndPathname",
    access: "logged-in",
    feature: "MFCT",
    syntax: "MFCT time path",
    purpose: "set the time of creation",
    source: "draft-somers-ftp-mfxx",
  },
  MFF: {
    argument: "factsAndPathname",
    access: "logged-in",
    feature: "MFF Create;Modify;UNIX.mode;",
    syntax: "MFF fact=value;... path",
    purpose: "set facts",
    source: "draft-somers-ftp-mfxx",
  },
  MFMT: {
    argument: "timeAndPathname",
    access: "logged-in",
    feature: "MFMT",
    syntax: "MFMT time path",
    purpose: "set the time of last change",
    source: "draft-somers-ftp-mfxx",
  },
  MIC: {
    argument: "base64",
    access: "anyone",
    syntax: "MIC base64",
    purpose: "integrity-protected command",
    source: "RFC 2228 §3",
  },
  MKD: {
    argument: "pathname",
    access: "logged-in",
    syntax: "MKD path",
    purpose: "make a directory",
    source: "RFC 959 §4.1.3",
  },
  MLSD: {
    argument: "optionalPathname",
    access: "logged-in",
    transfers: "send",
    syntax: "MLSD [path]",
    purpose: "list for programs",
    source: "RFC 3659 §7",
  },
  MLST: {
    argument: "optionalPathname",
    access: "logged-in",
    feature: "computed",
    syntax: "MLST [path]",
    purpose: "facts of one entry",
    source: "RFC 3659 §7",
  },
  MODE: {
    argument: "mode",
    access: "logged-in",
    feature: "computed",
    syntax: "MODE S|B|C|Z",
    purpose: "transmission mode",
    source: "RFC 959 §4.1.2, draft-preston-ftpext-deflate",
  },
  NLST: {
    argument: "optionalPathname",
    access: "logged-in",
    transfers: "send",
    syntax: "NLST [path]",
    purpose: "list names",
    source: "RFC 959 §4.1.3",
  },
  NOOP: { argument: "ignored", access: "anyone", syntax: "NOOP", purpose: "do nothing", source: "RFC 959 §4.1.3" },
  OPTS: {
    argument: "text",
    access: "anyone",
    syntax: "OPTS verb [options]",
    purpose: "set options of a command",
    source: "RFC 2389 §4",
  },
  PASS: {
    argument: "password",
    access: "anyone",
    syntax: "PASS password",
    purpose: "give the password",
    source: "RFC 959 §4.1.1",
  },
  PASV: {
    argument: "ignored",
    access: "logged-in",
    forbiddenByEpsvAll: true,
    syntax: "PASV",
    purpose: "passive data connection, IPv4",
    source: "RFC 959 §4.1.2",
  },
  PBSZ: {
    argument: "protectionBufferSize",
    access: "anyone",
    feature: "computed",
    syntax: "PBSZ size",
    purpose: "protection buffer size",
    source: "RFC 2228 §3, RFC 4217 §9",
  },
  PORT: {
    argument: "endpoint",
    access: "logged-in",
    forbiddenByEpsvAll: true,
    syntax: "PORT h1,h2,h3,h4,p1,p2",
    purpose: "active data connection, IPv4",
    source: "RFC 959 §4.1.2",
  },
  PRET: {
    argument: "text",
    access: "logged-in",
    syntax: "PRET command",
    purpose: "announce the next transfer",
    source: "practice",
  },
  PROT: {
    argument: "protectionLevel",
    access: "anyone",
    feature: "computed",
    syntax: "PROT C|P",
    purpose: "protection level of data",
    source: "RFC 2228 §3, RFC 4217 §9",
  },
  PWD: {
    argument: "ignored",
    access: "logged-in",
    syntax: "PWD",
    purpose: "show the directory",
    source: "RFC 959 §4.1.3",
  },
  QUIT: {
    argument: "ignored",
    access: "anyone",
    syntax: "QUIT",
    purpose: "log out and disconnect",
    source: "RFC 959 §4.1.1",
  },
  RANG: {
    argument: "range",
    access: "logged-in",
    feature: "RANG STREAM",
    syntax: "RANG first last",
    purpose: "limit the next transfer to a range",
    source: "draft-bryan-ftp-range",
  },
  REIN: {
    argument: "none",
    access: "anyone",
    syntax: "REIN",
    purpose: "start over",
    source: "RFC 959 §4.1.1, RFC 4217 §11",
  },
  REST: {
    argument: "restart",
    access: "logged-in",
    feature: "REST STREAM",
    syntax: "REST offset",
    purpose: "begin the next transfer at an offset",
    source: "RFC 3659 §5",
  },
  RETR: {
    argument: "pathname",
    access: "logged-in",
    transfers: "send",
    syntax: "RETR path",
    purpose: "download a file",
    source: "RFC 959 §4.1.3",
  },
  RMD: {
    argument: "pathname",
    access: "logged-in",
    syntax: "RMD path",
    purpose: "remove a directory",
    source: "RFC 959 §4.1.3",
  },
  RMDA: {
    argument: "pathname",
    access: "logged-in",
    capability: "recursive-removal",
    feature: "RMDA",
    syntax: "RMDA path",
    purpose: "remove a directory with its content",
    source: "draft-peterson-streamlined-ftp-command-extensions",
  },
  RNFR: {
    argument: "pathname",
    access: "logged-in",
    syntax: "RNFR path",
    purpose: "rename: from",
    source: "RFC 959 §4.1.3",
  },
  RNTO: {
    argument: "pathname",
    access: "logged-in",
    syntax: "RNTO path",
    purpose: "rename: to",
    source: "RFC 959 §4.1.3",
  },
  SITE: {
    argument: "text",
    access: "logged-in",
    feature: "computed",
    syntax: "SITE verb [argument]",
    purpose: "commands of this server",
    source: "RFC 959 §4.1.3",
  },
  SIZE: {
    argument: "pathname",
    access: "logged-in",
    feature: "SIZE",
    syntax: "SIZE path",
    purpose: "octets that a transfer would send",
    source: "RFC 3659 §4",
  },
  SSCN: {
    argument: "onOff",
    access: "logged-in",
    capability: "fxp",
    feature: "SSCN",
    syntax: "SSCN [ON|OFF]",
    purpose: "take the TLS client role on data",
    source: "practice",
  },
  STAT: {
    argument: "optionalPathname",
    access: "anyone",
    interrupts: true,
    syntax: "STAT [path]",
    purpose: "status, or a listing here",
    source: "RFC 959 §4.1.3",
  },
  STOR: {
    argument: "pathname",
    access: "logged-in",
    transfers: "receive",
    syntax: "STOR path",
    purpose: "upload a file",
    source: "RFC 959 §4.1.3",
  },
  STOU: {
    argument: "optionalPathname",
    access: "logged-in",
    transfers: "receive",
    syntax: "STOU [prefix]",
    purpose: "upload under a new name",
    source: "RFC 959 §4.1.3, RFC 1123 §4.1.2.9",
  },
  STRU: {
    argument: "structure",
    access: "logged-in",
    syntax: "STRU F|R",
    purpose: "file structure",
    source: "RFC 959 §4.1.2",
  },
  SYST: { argument: "ignored", access: "anyone", syntax: "SYST", purpose: "kind of system", source: "RFC 959 §4.1.3" },
  TYPE: {
    argument: "type",
    access: "logged-in",
    syntax: "TYPE A|I|L 8",
    purpose: "representation type",
    source: "RFC 959 §4.1.2",
  },
  USER: {
    argument: "text",
    access: "anyone",
    syntax: "USER name",
    purpose: "give the account name",
    source: "RFC 959 §4.1.1",
  },
  XCRC: {
    argument: "digestRange",
    access: "logged-in",
    feature: "XCRC",
    syntax: "XCRC path [first last]",
    purpose: "CRC-32 of a file",
    source: "practice",
  },
  XMD5: {
    argument: "digestRange",
    access: "logged-in",
    feature: "XMD5",
    syntax: "XMD5 path [first last]",
    purpose: "MD5 of a file",
    source: "practice",
  },
  XSHA1: {
    argument: "digestRange",
    access: "logged-in",
    feature: "XSHA1",
    syntax: "XSHA1 path [first last]",
    purpose: "SHA-1 of a file",
    source: "practice",
  },
  XSHA256: {
    argument: "digestRange",
    access: "logged-in",
    feature: "XSHA256",
    syntax: "XSHA256 path [first last]",
    purpose: "SHA-256 of a file",
    source: "practice",
  },
  XSHA512: {
    argument: "digestRange",
    access: "logged-in",
    feature: "XSHA512",
    syntax: "XSHA512 path [first last]",
    purpose: "SHA-512 of a file",
    source: "practice",
  },
} as const satisfies Record<string, VerbRow>;

export type Verb = keyof typeof verbs;

type ParsedValue<T> = T extends { readonly ok: true; readonly value: infer V } ? V : never;

/** The value that a verb's grammar makes of its argument. */
export type ArgumentOf<V extends Verb> = ParsedValue<
  ReturnType<(typeof argumentGrammars)[(typeof verbs)[V]["argument"]]>
>;

/** Experimental names of RFC 775 that RFC 1123 §4.1.3.1 keeps alive, and XSHA for XSHA1. */
export const verbAliases: Readonly<Record<string, Verb>> = {
  XCUP: "CDUP",
  XCWD: "CWD",
  XMKD: "MKD",
  XPWD: "PWD",
  XRMD: "RMD",
  XSHA: "XSHA1",
};

/** Verbs of the RFCs and of practice that are known and left out on purpose: 502. */
export const verbsNotImplemented: ReadonlySet<string> = new Set(["SMNT", "LPRT", "LPSV", "COMB", "THMB", "MMD5"]);

/**
 * First words of other protocols. A browser or mail program that was led here carries somebody's secrets: the
 * connection is closed at once (S-04, S-05).
 */
export const verbsOfOtherProtocols: ReadonlySet<string> = new Set([
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "PRI",
  "EHLO",
  "HELO",
  "LHLO",
  "MAIL",
  "RCPT",
  "DATA",
  "STARTTLS",
  "CAPA",
]);

export function isVerb(word: string): word is Verb {
  return Object.hasOwn(verbs, word);
}
