import { isIP } from "node:net";

/** Parsers of flag values. What they throw completes the sentence "--flag takes …, not "value"". */

/** A port, or `off` for none. */
export function parsePortOrOff(text: string): number | "off" {
  if (text === "off") return "off";
  return wholeNumber(text, {
    min: 0,
    max: 65_535,
    what: "a port from 1 to 65535, 0 for one that the system chooses, or off",
  });
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export function parsePortRange(text: string): PortRange {
  const what = "two ports from 1024 to 65535 with a hyphen between, as in 50000-50999";
  const [first, last, ...rest] = text.split("-").map((part) => wholeNumber(part, { min: 1024, max: 65_535, what }));
  if (first === undefined || last === undefined || rest.length > 0 || first > last) throw new Error(what);
  return { first, last };
}

export function parseCount(text: string): number {
  return wholeNumber(text, { min: 1, max: 1_000_000, what: "a whole number from 1 to 1000000" });
}

export function parseAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (isIP(bare) === 0) throw new Error("an IPv4 or IPv6 address, as in 127.0.0.1 or ::1");
  return bare;
}

export function parseIpv4Address(text: string): string {
  if (isIP(text) !== 4) throw new Error("an IPv4 address, as in 192.0.2.1 (reply 227 has no room for another kind)");
  return text;
}

export function parseText(text: string): string {
  if (text === "") throw new Error("some text");
  return text;
}

function wholeNumber(
  text: string,
  bounds: { readonly min: number; readonly max: number; readonly what: string },
): number {
  const number = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= bounds.min && number <= bounds.max)) throw new Error(bounds.what);
  return number;
}

/** A flag without a value. */
export function switchFlag(brief: string) {
  return { kind: "boolean", brief, optional: true, withNegated: false } as const;
}

/** Where the password of a login comes from, besides the environment, the keyring and a prompt. */
export interface PasswordFlags {
  readonly passwordStdin?: boolean;
  readonly netrc?: string;
}

/** The flags of {@link PasswordFlags}. */
export const passwordFlags = {
  passwordStdin: switchFlag("Read the password from standard input, one line"),
  netrc: {
    kind: "parsed",
    parse: parseText,
    brief: "File with machines, logins and passwords (default: $NETRC, else ~/.netrc)",
    placeholder: "FILE",
    optional: true,
  },
} as const;

/** Whom commands trust that speak TLS to a server. */
export const caFlag = {
  kind: "parsed",
  parse: parseText,
  brief: "Authorities to trust instead of the system's, in PEM form",
  placeholder: "FILE",
  optional: true,
} as const;

/** The values of {@link commonFlags}. */
export interface CommonFlags {
  readonly state?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Flags that every command on a state directory has. */
export const commonFlags = {
  state: {
    kind: "parsed",
    parse: parseText,
    brief: "Directory of certificates and accounts (default: ~/.local/state/sallyport, for root /var/lib/sallyport)",
    placeholder: "DIR",
    optional: true,
  },
  json: switchFlag("Write JSON"),
  verbose: switchFlag("Show more: the protocol with secrets masked, the stack of an error"),
} as const;
