import { isIpv4, normaliseAddress } from "./addresses.ts";

/** Host and port of a data connection; the host is in the form of {@link normaliseAddress}. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Why there is no endpoint: 501 for `syntax`, 522 for `unsupported-family` (RFC 2428 §2). */
export type EndpointFailure = "syntax" | "unsupported-family";

/**
 * Reads the argument of PORT: exactly six decimals 0–255, without leading zeros or spaces, so that no other reader can
 * take them as octal; port 0 is refused (RFC 959 §5.3.2, R-959-72, S-06).
 */
export function parsePortArgument(argument: string): Endpoint | EndpointFailure {
  const numbers = argument.split(",");
  const wellFormed = numbers.length === 6 && numbers.every((number) => /^(?:0|[1-9]\d{0,2})$/.test(number));
  if (!wellFormed || numbers.some((number) => Number(number) > 255)) return "syntax";
  const port = Number(numbers[4]) * 256 + Number(numbers[5]);
  return port === 0 ? "syntax" : { host: numbers.slice(0, 4).join("."), port };
}

/** Writes an IPv4 endpoint as `h1,h2,h3,h4,p1,p2`, for PORT and for reply 227. */
export function formatPassiveEndpoint(host: string, port: number): string {
  return `${host.replaceAll(".", ",")},${port >> 8},${port & 255}`;
}

/**
 * Finds the endpoint in the text of reply 227 by looking for six numbers, because parentheses and words around them
 * differ (RFC 1123 §4.1.2.6, R-1123-20). The host is what the server says; connect to the peer of the control
 * connection instead (S-10). Undefined where there are no six numbers 0–255 or the port is 0.
 */
export function parsePassiveReply(text: string): Endpoint | undefined {
  const match = /(?<!\d)(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?!\d)/.exec(text);
  const numbers = match?.slice(1).map(Number) ?? [];
  const [a = 256, b, c, d, high = 0, low = 0] = numbers;
  const port = high * 256 + low;
  if (a === 256 || port === 0 || numbers.some((number) => number > 255)) return undefined;
  return { host: `${a}.${b}.${c}.${d}`, port };
}

/**
 * Reads the argument of EPRT, `|1|192.0.2.1|5282|` with any delimiter of ASCII 33–126. Family 1 takes a dotted quad,
 * 2 an IPv6 address; the host comes out normalised, so that an IPv4-mapped address is judged as the IPv4 address that
 * it reaches. Port 1–65535 (RFC 2428 §2, R-2428-01, S-06).
 */
export function parseExtendedEndpoint(argument: string): Endpoint | EndpointFailure {
  const delimiter = argument.slice(0, 1);
  if (!/^[!-~]$/.test(delimiter)) return "syntax";
  const fields = argument.split(delimiter);
  const [, family = "", address = "", port = ""] = fields;
  if (fields.length !== 5 || fields[4] !== "" || !/^\d{1,5}$/.test(family)) return "syntax";
  if (family !== "1" && family !== "2") return "unsupported-family";
  const host = isIpv4(address) === (family === "1") && !address.includes("%") ? normaliseAddress(address) : undefined;
  const portNumber = parsePort(port);
  return host === undefined || portNumber === undefined ? "syntax" : { host, port: portNumber };
}

/** Writes an endpoint as the argument of EPRT. */
export function formatExtendedEndpoint({ host, port }: Endpoint): string {
  return `|${isIpv4(host) ? 1 : 2}|${host}|${port}|`;
}

/** What EPSV asks for: any family, family 1 (IPv4) or 2 (IPv6), or that no other command sets up data from now on. */
export type ExtendedPassiveRequest = "any" | 1 | 2 | "all";

/** Reads the argument of EPSV; 522 for numbers that are no known family, 501 for the rest (RFC 2428 §3, R-2428-02). */
export function parseExtendedPassiveArgument(argument: string | undefined): ExtendedPassiveRequest | EndpointFailure {
  if (argument === undefined || argument === "") return "any";
  if (argument === "1") return 1;
  if (argument === "2") return 2;
  if (argument.toUpperCase() === "ALL") return "all";
  return /^\d{1,5}$/.test(argument) ? "unsupported-family" : "syntax";
}

/** The end of the text of reply 229: `(|||50000|)`. */
export function formatExtendedPassive(port: number): string {
  return `(|||${port}|)`;
}

/**
 * Finds the port in the text of reply 229: the third of three fields between four equal delimiters in parentheses. The
 * first two should be empty; what a server puts there is ignored (R-2428-04, S-10). Undefined without such a port.
 */
export function parseExtendedPassiveReply(text: string): number | undefined {
  for (let open = text.indexOf("("); open >= 0; open = text.indexOf("(", open + 1)) {
    const close = text.indexOf(")", open);
    const delimiter = text.slice(open + 1, open + 2);
    const fields = text.slice(open + 1, close < 0 ? open + 1 : close).split(delimiter);
    if (fields.length === 5 && fields[0] === "" && fields[4] === "" && /^[!-~]$/.test(delimiter)) {
      return parsePort(fields[3] ?? "");
    }
    if (close < 0) return undefined;
    open = close;
  }
  return undefined;
}

function parsePort(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
