import { ConfigError } from "@sallyport/protocol";
import { domainToASCII } from "node:url";
import { isIP } from "node:net";

export type ProxyScheme = "socks5" | "socks5h" | "socks4" | "socks4a" | "http" | "https";

export interface ProxyAddress {
  readonly scheme: ProxyScheme;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/**
 * Reads the URL of a proxy: `socks5://` and `socks4://` look names up here, `socks5h://` and `socks4a://` let the proxy
 * do it; `http://` and `https://` mean the CONNECT method, the latter inside TLS. User and password stand in front of the
 * host, percent-encoded.
 *
 * @throws {ConfigError} SALLYPORT_PROXY_URL; the text holds no password.
 */
export function parseProxyUrl(text: string | URL): ProxyAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw proxyUrlError("is no URL; write it as socks5h://HOST:PORT or http://HOST:PORT");
  }
  const scheme = url.protocol.slice(0, -1);
  if (!isScheme(scheme)) {
    throw proxyUrlError(`has the scheme ${scheme}; there are ${Object.keys(defaultPorts).join(", ")}`);
  }
  const host = hostForDialling(url.hostname);
  if (host === undefined) throw proxyUrlError("names no host");
  if (url.port === "0") throw proxyUrlError("has the port 0");
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") {
    throw proxyUrlError("has something behind the port, where nothing belongs");
  }
  const username = decoded(url.username);
  const password = decoded(url.password);
  const longest = scheme.startsWith("socks") ? socksFieldBytes : headerFieldBytes;
  if (Buffer.byteLength(username) > longest || Buffer.byteLength(password) > longest) {
    throw proxyUrlError(`has a user or password of more than ${longest} bytes`);
  }
  if (scheme.startsWith("http") && username.includes(":")) {
    throw proxyUrlError("has a user with a colon, which Basic authentication cannot say");
  }
  if (scheme.startsWith("socks4") && (password !== "" || username.includes("\0"))) {
    throw proxyUrlError("has a password, but SOCKS 4 knows none; use socks5h://");
  }
  return { scheme, host, port: url.port === "" ? defaultPorts[scheme] : Number(url.port), username, password };
}

/** A host as proxies are told it: in ASCII, IPv6 without brackets and zone; undefined for what cannot be a host. */
export function hostForDialling(host: string): string | undefined {
  const bare = host.replace(/^\[(?<address>.*)\]$/, "$<address>").replace(/%.*$/s, "");
  if (isIP(bare) !== 0) return bare;
  // The conversion would take line ends out instead of refusing them.
  const ascii = /[\s\p{Cc}]/u.test(bare) ? "" : domainToASCII(bare);
  return ascii !== "" && /^[\w.-]{1,255}$/.test(ascii) ? ascii : undefined;
}

const defaultPorts: Readonly<Record<ProxyScheme, number>> = {
  socks5: 1080,
  socks5h: 1080,
  socks4: 1080,
  socks4a: 1080,
  http: 80,
  https: 443,
};

/** RFC 1929 §2 has one octet for each length. */
const socksFieldBytes = 255;
const headerFieldBytes = 1024;

function isScheme(scheme: string): scheme is ProxyScheme {
  return Object.hasOwn(defaultPorts, scheme);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw proxyUrlError("has a user or password with a percent sign that encodes nothing; write it as %25");
  }
}

function proxyUrlError(what: string): ConfigError {
  return new ConfigError("SALLYPORT_PROXY_URL", `The address of the proxy ${what}`);
}
