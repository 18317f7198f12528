import { underHeading } from "./command-facts.ts";
import { parseSeconds } from "./explain-flags.ts";
import {
  caFlag,
  commonFlags,
  passwordFlags,
  parseCount,
  parsePortRange,
  parseText,
  switchFlag,
  type CommonFlags,
  type PasswordFlags,
  type PortRange,
} from "./flags.ts";
import { parseService } from "./login/kerberos-service.ts";

/** What every command that talks to a server can be told about how to. */
export interface ClientFlags extends CommonFlags, PasswordFlags {
  readonly user?: string;
  readonly explicit?: boolean;
  readonly implicit?: boolean;
  readonly plain?: boolean;
  readonly ca?: string;
  readonly pin?: readonly string[];
  readonly trustOnFirstUse?: boolean;
  readonly insecure?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly clearControl?: boolean;
  readonly active?: boolean;
  readonly ports?: PortRange;
  readonly proxy?: string;
  readonly timeout?: number;
  readonly retries?: number;
  /** Octets in a second. */
  readonly limitRate?: number;
  readonly compress?: "auto" | "on" | "off";
  readonly virtualHost?: string;
  readonly gssapi?: boolean;
  readonly gssapiService?: string;
  readonly gssapiProtection?: "private" | "safe" | "clear";
  readonly afterLogin?: readonly string[];
  readonly encoding?: string;
  readonly timeZone?: string;
  readonly quiet?: boolean;
  /** Whether failures are explained. */
  readonly explain?: boolean;
}

const outputFlags = {
  ...commonFlags,
  quiet: switchFlag("Print results and errors alone"),
  explain: switchFlag("Say why something failed, and which setting of the server decides"),
} as const;

const loginFlags = underHeading("LOGIN", {
  user: {
    kind: "parsed",
    parse: parseText,
    brief: "Who logs in, where the URL does not say (default: the netrc's, else anonymous)",
    placeholder: "NAME",
    optional: true,
  },
  ...passwordFlags,
  virtualHost: {
    kind: "parsed",
    parse: parseText,
    brief: "Host that is meant, of several that the server has (HOST command)",
    placeholder: "NAME",
    optional: true,
  },
  afterLogin: {
    kind: "parsed",
    parse: parseText,
    brief: 'Command line to begin each connection with, as in "SITE GROUP staff"',
    placeholder: "LINE",
    optional: true,
    variadic: true,
  },
} as const);

const kerberosFlags = underHeading("KERBEROS", {
  gssapi: switchFlag("Log in by a Kerberos ticket, which protects the connection in the place of TLS (AUTH GSSAPI)"),
  gssapiService: {
    kind: "parsed",
    parse: parseService,
    brief: "What the realm knows the server as (default: ftp, then host, and the URL's host)",
    placeholder: "SERVICE@HOST",
    optional: true,
  },
  gssapiProtection: {
    kind: "enum",
    values: ["private", "safe", "clear"],
    brief: "What is done to files: private encrypts (the default), safe seals what all can read, clear does neither",
    optional: true,
  },
} as const);

const tlsFlags = underHeading("TLS AND TRUST", {
  explicit: switchFlag("Begin in clear and turn to TLS with AUTH, as ftpes:// does"),
  implicit: switchFlag("TLS from the first octet, as ftps:// does"),
  plain: switchFlag("No TLS: everybody on the way reads password and files"),
  ca: caFlag,
  pin: {
    kind: "parsed",
    parse: parsePinText,
    brief: "Trust the server with this public key, or with this SHA-256 of its certificate, and no other",
    placeholder: "sha256/BASE64",
    optional: true,
    variadic: true,
  },
  trustOnFirstUse: switchFlag(
    "Trust a server that no authority vouches for when first met, and hold it to its key then",
  ),
  insecure: switchFlag("Trust whatever answers: whoever is in between reads and changes everything"),
  cert: {
    kind: "parsed",
    parse: parseText,
    brief: "Client certificate to show, with its chain, in PEM form",
    placeholder: "FILE",
    optional: true,
  },
  key: {
    kind: "parsed",
    parse: parseText,
    brief: "Private key of --cert in PEM form",
    placeholder: "FILE",
    optional: true,
  },
  servername: {
    kind: "parsed",
    parse: parseText,
    brief: "Name that the certificate has to have, where it is not the URL's host",
    placeholder: "NAME",
    optional: true,
  },
  clearControl: switchFlag("Go on in clear after the login (CCC): everybody on the way reads and changes commands"),
} as const);

const networkFlags = underHeading("NETWORK", {
  active: switchFlag("Let the server open data connections to here"),
  ports: {
    kind: "parsed",
    parse: parsePortRange,
    brief: "With --active: ports to wait on (default: any)",
    placeholder: "FIRST-LAST",
    optional: true,
  },
  proxy: {
    kind: "parsed",
    parse: parseText,
    brief: "Proxy to go through: socks5h://HOST:PORT, socks5://, socks4a:// or http://",
    placeholder: "URL",
    optional: true,
  },
  timeout: {
    kind: "parsed",
    parse: parseSeconds,
    brief: "Longest wait for each step (default: 10 to 60, by the step)",
    placeholder: "SECONDS",
    optional: true,
  },
  retries: {
    kind: "parsed",
    parse: parseRetries,
    brief: "Further attempts at what failed and may be asked again",
    placeholder: "N",
    optional: true,
  },
  limitRate: {
    kind: "parsed",
    parse: parseRate,
    brief: "Octets in a second that all transfers together move at most, as in 500K or 2.5M",
    placeholder: "RATE",
    optional: true,
  },
  compress: {
    kind: "parsed",
    parse: parseCompression,
    brief: "Compress what moves: on, off, or auto for what shrinks on a slow link (default: off)",
    placeholder: "HOW",
    optional: true,
  },
  encoding: {
    kind: "parsed",
    parse: parseText,
    brief:
      "Encoding of the names on the server: auto, auto,LABEL for names that are not UTF-8, or LABEL (default: auto)",
    placeholder: "NAME",
    optional: true,
  },
  timeZone: {
    kind: "parsed",
    parse: parseText,
    brief: "Zone of the times in listings that name none, as in Europe/Paris or +02:00 (default: found out)",
    placeholder: "ZONE",
    optional: true,
  },
} as const);

/** The flags of {@link ClientFlags}, under headings of their own. */
export const clientFlags = {
  ...outputFlags,
  ...loginFlags,
  ...kerberosFlags,
  ...tlsFlags,
  ...networkFlags,
} as const;

function parsePinText(text: string): string {
  const isPin = /^sha256\/\/?[A-Za-z0-9+/]{43}=?$|^(?:sha256:)?(?:[0-9a-f]{2}:?){32}$/i.test(text);
  if (!isPin)
    throw new Error("sha256/ and the BASE64 of the public key's SHA-256, or 64 hex digits of the certificate's");
  return text;
}

function parseRetries(text: string): number {
  return text === "0" ? 0 : parseCount(text);
}

function parseCompression(text: string): "auto" | "on" | "off" {
  if (text === "auto" || text === "on" || text === "off") return text;
  throw new Error("on, off or auto");
}

const rateFactors: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function parseRate(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)([kmg]?)(?:i?b)?(?:\/s)?$/i.exec(text) ?? [];
  const rate = Math.round(Number(digits) * (rateFactors[unit.toLowerCase()] ?? Number.NaN));
  if (!(rate >= 1)) throw new Error("octets in a second, or with K, M or G, as in 500K");
  return rate;
}
