import { domainToASCII } from "node:url";
import { isIpv4, limits, normaliseAddress, octetsFromBytes } from "@sallyport/protocol";
import { decodeUtf8Name, encodeUtf8Name } from "../names/utf8-names.ts";

/** What an FTP URL says. A URL never asks for plain FTP: that takes an option of its own. */
export interface FtpUrl {
  readonly scheme: "ftp" | "ftps" | "ftpes";
  /** `auto` is the best TLS that the server has, required. Port 990 means `implicit` unless the scheme is `ftpes`. */
  readonly security: "auto" | "explicit" | "implicit";
  /** A host name in lower case (ASCII form), or an address as `normaliseAddress` writes it, without brackets. */
  readonly host: string;
  /** Undefined where the URL names none. */
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /**
   * Absolute when it starts with `/`, else relative to the login directory; empty for that directory itself. Octets
   * that are not UTF-8 are escapes as in `NameCodec`. Has no `/` at its end but for the root.
   */
  readonly path: string;
  /** The URL ends in `/` or `;type=d`, or names no file. */
  readonly isDirectory: boolean;
  /** The representation type: ASCII, image, or a listing (RFC 1738 §3.2.2). */
  readonly type: "a" | "i" | "d" | undefined;
}

/** Why a text is no FTP URL. The sentence never repeats user name or password. */
export interface UrlFailure {
  readonly failure: string;
}

/** Tells a failure from a URL. */
export function isUrlFailure(result: FtpUrl | UrlFailure): result is UrlFailure {
  return "failure" in result;
}

/**
 * Reads `ftp://`, `ftps://` and `ftpes://` URLs, and a bare `[user@]host[:port][/path]`, which is read as `ftp://`.
 *
 * The path is relative to the login directory, `//` or `/%2F` at its start means the root (RFC 1738 §3.2.2). `?` is
 * part of a name, as curl has it; `#` must be written `%23`, because some would read a fragment. User and password end
 * at the last `@` before the path. Refused: encoded or literal CR, LF and NUL anywhere, which would smuggle commands
 * (S-09), ports outside 1–65535, addresses in any but their usual form, unknown schemes (R-CLI-01).
 */
export function parseFtpUrl(text: string): FtpUrl | UrlFailure {
  if (text.length > limits.urlCharactersCount.value) return failed("The URL is too long.");
  // oxlint-disable-next-line no-control-regex -- control characters are the point
  if (/[\u0000-\u001F\u007F]/.test(text)) return failed("The URL has a control character.");
  if (/%(?:0d|0a|00)/i.test(text)) return failed("The URL has %0D, %0A or %00, which no FTP command can carry.");
  if (/%(?![0-9a-f]{2})/i.test(text)) return failed("The URL has a % without two hexadecimal digits; write %25.");
  if (text.includes("#")) return failed("The URL has a #; write %23.");
  const scheme = schemeOf(text);
  if (typeof scheme !== "string") return scheme;
  const rest = text.replace(/^[a-z][a-z\d+.-]*:\/\//i, "");
  const slash = rest.indexOf("/");
  const authority = parseAuthority(slash < 0 ? rest : rest.slice(0, slash));
  if ("failure" in authority) return authority;
  const path = parsePath(slash < 0 ? "" : rest.slice(slash + 1));
  if ("failure" in path) return path;
  return { scheme, security: securityOf(scheme, authority.port), ...authority, ...path };
}

/** Writes a URL in its usual form, without the password: it may be shown and logged. */
export function formatFtpUrl(url: FtpUrl): string {
  const user = url.user === undefined ? "" : `${encodePart(url.user, false)}@`;
  const host = url.host.includes(":") ? `[${url.host.replace("%", "%25")}]` : url.host;
  const port = url.port === undefined ? "" : `:${url.port}`;
  const isRoot = url.path === "/";
  const path = encodePart(url.path, true) + (url.isDirectory && url.path !== "" && !isRoot ? "/" : "");
  const type = url.type === undefined ? "" : `;type=${url.type}`;
  return `${url.scheme}://${user}${host}${port}/${path}${type}`;
}

function failed(failure: string): UrlFailure {
  return { failure };
}

function schemeOf(text: string): FtpUrl["scheme"] | UrlFailure {
  const match = /^([a-z][a-z\d+.-]*):(\/\/)?/i.exec(text);
  const [, given = "", slashes] = match ?? [];
  const scheme = given.toLowerCase();
  const isKnown = scheme === "ftp" || scheme === "ftps" || scheme === "ftpes";
  if (slashes === undefined) {
    // A host may be called ftp: then a port follows, or nothing.
    const isHost = /^[^/]*:(?:\d+(?:\/|$)|$)/.test(text);
    return isKnown && !isHost ? failed(`After "${scheme}:" two slashes are missing.`) : "ftp";
  }
  if (isKnown) return scheme;
  return failed(
    scheme === "sftp"
      ? "sftp:// is a protocol of SSH and not FTP; use ftps:// or ftpes:// where the server speaks FTP over TLS."
      : "The URL must start with ftp://, ftps:// or ftpes://, or with a host.",
  );
}

function securityOf(scheme: FtpUrl["scheme"], port: number | undefined): FtpUrl["security"] {
  if (scheme === "ftpes") return "explicit";
  return scheme === "ftps" || port === 990 ? "implicit" : "auto";
}

type Authority = Pick<FtpUrl, "host" | "port" | "user" | "password">;

function parseAuthority(authority: string): Authority | UrlFailure {
  const at = authority.lastIndexOf("@");
  const login = at < 0 ? undefined : authority.slice(0, at);
  const colon = login?.indexOf(":") ?? -1;
  const user = login === undefined ? undefined : decodePart(colon < 0 ? login : login.slice(0, colon));
  if (user === "") return failed("The URL has an @ but no user name before it.");
  const password = colon < 0 || login === undefined ? undefined : decodePart(login.slice(colon + 1));
  const hostAndPort = splitPort(authority.slice(at + 1));
  const host = parseHost(hostAndPort.host);
  if (host === undefined) return failed(hostFailure(authority.slice(at + 1)));
  if (hostAndPort.port === undefined) return { host, port: undefined, user, password };
  const port = /^\d{1,5}$/.test(hostAndPort.port) ? Number(hostAndPort.port) : 0;
  if (port < 1 || port > 65_535) {
    const hint = /^\d+$/.test(hostAndPort.port) ? "" : "; write / @ : in a password as %2F %40 %3A";
    return failed(`The port must be a number from 1 to 65535${hint}.`);
  }
  return { host, port, user, password };
}

function hostFailure(given: string): string {
  if (/^(?::\d*)?$/.test(given)) return "The URL names no host; write one, as in ftp://ftp.example.com.";
  return /^[\da-f:]*:[\da-f]*:[\da-f:.]*$/i.test(given)
    ? "Before a port an IPv6 address stands in brackets, as in [2001:db8::1]:2121."
    : "The host of the URL is neither a name nor an IP address.";
}

/** A bare IPv6 address needs no brackets where it is all there is. */
function splitPort(text: string): { readonly host: string; readonly port: string | undefined } {
  if (normaliseAddress(text) !== undefined) return { host: text, port: undefined };
  const match = /^(\[[^[\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(text);
  if (match === null) return { host: "", port: undefined };
  return { host: match[1] ?? "", port: match[2] === "" ? undefined : match[2] };
}

function parseHost(host: string): string | undefined {
  if (host.startsWith("[")) {
    // RFC 6874 §2 writes the zone after %25.
    const address = normaliseAddress(host.slice(1, -1).replace("%25", "%"));
    return host.includes(":") ? address : undefined;
  }
  const address = normaliseAddress(host);
  if (address !== undefined) return address;
  if (/^(?:[\d.]+|.*\.(?:\d+|0x[\da-f]*)\.?|0x[\da-f]*)$/i.test(host) && !isIpv4(host)) return undefined;
  // oxlint-disable-next-line no-control-regex -- everything in ASCII
  const name = /^[\u0000-\u007F]*$/.test(host) ? host.toLowerCase() : domainToASCII(host);
  const labels = name.replace(/\.$/, "").split(".");
  const isName = name.length <= 253 && labels.every((label) => /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/.test(label));
  return isName ? name : undefined;
}

type UrlPath = Pick<FtpUrl, "path" | "isDirectory" | "type">;

/** `text` is what follows the slash after the host. */
function parsePath(text: string): UrlPath | UrlFailure {
  const match = /^(.*?)(?:;type=([^;/]*))?$/i.exec(text);
  const type = match?.[2]?.toLowerCase();
  if (type !== undefined && type !== "a" && type !== "i" && type !== "d") {
    return failed("The type of the URL must be a, i or d.");
  }
  const decoded = decodePart(match?.[1] ?? "");
  const isDirectory = decoded === "" || decoded.endsWith("/") || type === "d";
  const names = decoded.split("/").filter((name) => name !== "");
  return { path: (decoded.startsWith("/") ? "/" : "") + names.join("/"), isDirectory, type };
}

function decodePart(text: string): string {
  const octets = encodeUtf8Name(text) ?? octetsFromBytes(Buffer.from(text));
  const decoded = octets.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decodeUtf8Name(decoded as typeof octets);
}

/** Percent-encodes all but the unreserved characters (RFC 3986 §2.3), and `/` where asked. */
function encodePart(text: string, keepsSlash: boolean): string {
  const octets = encodeUtf8Name(text) ?? octetsFromBytes(Buffer.from(text));
  return octets.replace(/[^A-Za-z0-9._~-]/g, (octet) =>
    octet === "/" && keepsSlash ? octet : `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
