import { type DigestArgument, parseDigestArgument } from "./digest-argument.ts";
import {
  type Endpoint,
  type EndpointFailure,
  type ExtendedPassiveRequest,
  parseExtendedEndpoint,
  parseExtendedPassiveArgument,
  parsePortArgument,
} from "./endpoints.ts";
import type { Octets } from "./octets.ts";
import { reply, type Reply } from "./reply.ts";
import { parseTimeValue } from "./time-value.ts";
import type {
  FileStructure,
  ProtectionLevel,
  RepresentationType,
  Restart,
  TransmissionMode,
} from "./transfer-parameters.ts";

/** A parsed argument, or the reply that says what is wrong with it. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reply: Reply };

/** The argument as the line had it: undefined without a space after the verb, otherwise what follows that one space. */
export type RawArgument = Octets | undefined;

const syntaxError = (text: string): { ok: false; reply: Reply } => ({ ok: false, reply: reply(501, text) });
const notForThatParameter = (text: string): { ok: false; reply: Reply } => ({ ok: false, reply: reply(504, text) });
const parsed = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });

/**
 * One grammar for each kind of argument. Pathnames keep every space, leading and trailing ones too (RFC 2640 §3.1,
 * R-959-03); all other arguments ignore spaces around them.
 */
export const argumentGrammars = {
  none: (raw) => (trimmed(raw) === "" ? parsed(undefined) : syntaxError("This command takes no argument.")),
  ignored: () => parsed(undefined),
  text: (raw) => (trimmed(raw) === "" ? syntaxError("An argument is needed.") : parsed(trimmed(raw))),
  optionalText: (raw) => parsed(trimmed(raw)),
  password: (raw) => parsed(raw ?? ("" as Octets)),
  pathname: (raw) => (raw === undefined || raw === "" ? syntaxError("A pathname is needed.") : parsed(raw)),
  optionalPathname: (raw) => parsed(raw === undefined || raw === "" ? undefined : raw),
  type: parseType,
  structure: parseStructure,
  mode: parseMode,
  allocation: parseAllocation,
  restart: parseRestart,
  range: parseRange,
  protectionBufferSize: parseProtectionBufferSize,
  protectionLevel: parseProtectionLevel,
  onOff: parseOnOff,
  base64: parseBase64,
  timeAndPathname: parseTimeAndPathname,
  factsAndPathname: parseFactsAndPathname,
  digestRange: parseDigestRange,
  endpoint: (raw) => endpointOrReply(parsePortArgument(trimmed(raw)), "PORT takes h1,h2,h3,h4,p1,p2."),
  extendedEndpoint: (raw) => endpointOrReply(parseExtendedEndpoint(trimmed(raw)), "EPRT takes |af|address|port|."),
  extendedPassive: (raw) => endpointOrReply(parseExtendedPassiveArgument(trimmed(raw)), "EPSV takes 1, 2 or ALL."),
} as const satisfies Record<string, (raw: RawArgument) => Parsed<unknown>>;

/** Removes spaces around an argument; undefined counts as empty. */
export function trimmed(raw: RawArgument): Octets {
  return (raw ?? "").replace(/^ +| +$/g, "") as Octets;
}

/** RFC 2428 §2: an unknown address family is 522 and names those that are known. */
function endpointOrReply<T extends Endpoint | ExtendedPassiveRequest>(
  result: T | EndpointFailure,
  syntax: string,
): Parsed<Exclude<T, EndpointFailure>> {
  if (result === "syntax") return syntaxError(syntax);
  if (result === "unsupported-family") {
    return { ok: false, reply: reply(522, "Network protocol not supported, use (1,2)") };
  }
  return parsed(result as Exclude<T, EndpointFailure>);
}

export interface TypeArgument {
  readonly type: RepresentationType;
  readonly typeName: string;
}

/** R-1123-14: A, A N and A T as ASCII, I and L 8 as image; everything else 504, a missing size of L 501. */
function parseType(raw: RawArgument): Parsed<TypeArgument> {
  const words = trimmed(raw).toUpperCase().split(/ +/);
  const [type, second] = words;
  if (type === undefined || type === "" || words.length > 2) return syntaxError("TYPE takes A, I or L 8.");
  if (type === "I" && second === undefined) return parsed({ type: "I", typeName: "I" });
  if (type === "L" && second === undefined) return syntaxError("TYPE L needs a byte size.");
  if (type === "L" && second === "8") return parsed({ type: "I", typeName: "L 8" });
  if (type === "A" && (second === undefined || second === "N" || second === "T")) {
    return parsed({ type: "A", typeName: "A" });
  }
  return notForThatParameter("This server knows TYPE A, I and L 8.");
}

function parseStructure(raw: RawArgument): Parsed<FileStructure> {
  const letter = trimmed(raw).toUpperCase();
  if (letter === "F" || letter === "R") return parsed(letter);
  return letter.length === 1
    ? notForThatParameter("This server knows STRU F and R.")
    : syntaxError("STRU takes one letter.");
}

function parseMode(raw: RawArgument): Parsed<TransmissionMode> {
  const letter = trimmed(raw).toUpperCase();
  if (letter === "S" || letter === "B" || letter === "C" || letter === "Z") return parsed(letter);
  return letter.length === 1
    ? notForThatParameter("This server knows MODE S, B, C and Z.")
    : syntaxError("MODE takes one letter.");
}

/** RFC 959 §4.1.3: `ALLO n [R m]`. The value is n. */
function parseAllocation(raw: RawArgument): Parsed<bigint> {
  const match = /^(\d{1,19})(?: +R +\d{1,19})?$/i.exec(trimmed(raw));
  return match === null ? syntaxError("ALLO takes a number of octets.") : parsed(BigInt(match[1] as string));
}

/**
 * REST: a decimal offset (RFC 3659 §5.3). The markers that this server gives out in MODE B and C are decimal offsets
 * too, so one grammar serves all modes.
 */
function parseRestart(raw: RawArgument): Parsed<Restart> {
  const text = trimmed(raw);
  if (!/^\d{1,19}$/.test(text)) return syntaxError("REST takes an offset in octets.");
  const offset = BigInt(text);
  return parsed(offset === 0n ? { kind: "none" } : { kind: "offset", offset });
}

/** RANG: `first last`, both inclusive; `1 0` resets (draft-bryan-ftp-range). */
function parseRange(raw: RawArgument): Parsed<Restart> {
  const match = /^(\d{1,19}) +(\d{1,19})$/.exec(trimmed(raw));
  if (match === null) return syntaxError("RANG takes a first and a last octet.");
  const [first, last] = [BigInt(match[1] as string), BigInt(match[2] as string)];
  if (first === 1n && last === 0n) return parsed({ kind: "none" });
  return first > last ? syntaxError("The range ends before it begins.") : parsed({ kind: "range", first, last });
}

/** R-2228-06: a decimal number of at most 2^32 − 1. */
function parseProtectionBufferSize(raw: RawArgument): Parsed<number> {
  const text = trimmed(raw);
  const size = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return size <= 0xffff_ffff ? parsed(size) : syntaxError("PBSZ takes a number up to 4294967295.");
}

/** RFC 2228 §3: an unknown letter is 504; whether the mechanism can do the level is judged by the command. */
function parseProtectionLevel(raw: RawArgument): Parsed<ProtectionLevel> {
  const letter = trimmed(raw).toUpperCase();
  if (letter === "") return syntaxError("PROT takes C, S, E or P.");
  return letter === "C" || letter === "S" || letter === "E" || letter === "P"
    ? parsed(letter)
    : notForThatParameter("PROT takes C, S, E or P.");
}

function parseOnOff(raw: RawArgument): Parsed<"on" | "off" | undefined> {
  const word = trimmed(raw).toLowerCase();
  if (word === "") return parsed(undefined);
  return word === "on" || word === "off" ? parsed(word) : syntaxError("The argument is ON or OFF.");
}

/** R-2228-13: base64 with padding and without line breaks; the value is the text, still encoded. */
function parseBase64(raw: RawArgument): Parsed<string> {
  const text = trimmed(raw);
  const wellFormed = text !== "" && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  return wellFormed ? parsed(text) : syntaxError("The argument is not base64.");
}

export interface TimeAndPathname {
  readonly timeMs: number;
  readonly pathname: Octets;
}

/** MFMT and MFCT: a time value, one space, a pathname (draft-somers-ftp-mfxx §3). */
function parseTimeAndPathname(raw: RawArgument): Parsed<TimeAndPathname> {
  const match = /^([\d.]+) (.+)$/s.exec(raw ?? "");
  const timeMs = match === null ? undefined : parseTimeValue(match[1] as string);
  return timeMs === undefined
    ? syntaxError("A time YYYYMMDDHHMMSS and a pathname are needed.")
    : parsed({ timeMs, pathname: match?.[2] as Octets });
}

export interface FactsAndPathname {
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly pathname: Octets;
}

/**
 * MFF: facts as in MLST, one space, a pathname (draft-somers-ftp-mfxx §3.3). NcFTP 3.2.6 leaves out the semicolon of
 * the last fact.
 */
function parseFactsAndPathname(raw: RawArgument): Parsed<FactsAndPathname> {
  const match = /^((?:[A-Za-z.]{1,32}=[^;= ]{0,64}(?:;|(?= ))){1,16}) (.+)$/s.exec(raw ?? "");
  if (match === null) return syntaxError("Facts fact=value; and a pathname are needed.");
  const facts = (match[1] as string)
    .replace(/;$/, "")
    .split(";")
    .map((fact) => ({ name: fact.slice(0, fact.indexOf("=")), value: fact.slice(fact.indexOf("=") + 1) }));
  return parsed({ facts, pathname: match[2] as Octets });
}

function parseDigestRange(raw: RawArgument): Parsed<DigestArgument> {
  const argument = raw === undefined ? undefined : parseDigestArgument(raw);
  return argument === undefined
    ? syntaxError("A pathname is needed, and a first and an end octet may follow.")
    : parsed(argument);
}
