import { TransportError, UsageError } from "@sallyport/protocol";
import { isIP, type Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { ResolveAddresses } from "./address-race.ts";
import { remainingTime, whileDialling } from "./dial-wait.ts";
import type { Dialer, DialOptions, DialTarget } from "./dialer.ts";
import { directDialer, systemAddresses } from "./direct-dialer.ts";
import { connectThroughHttp } from "./http-connect.ts";
import { hostForDialling, parseProxyUrl, type ProxyAddress } from "./proxy-url.ts";
import { secureProxy } from "./proxy-tls.ts";
import { connectThroughSocks } from "./socks.ts";

export interface ProxyDialerOptions {
  /** How the proxy itself is reached; another proxy makes a chain. Default: directly. */
  readonly dialer?: Dialer;
  /** For https:// proxies, such as `ca`. Default: the authorities of system and Node. */
  readonly tls?: ConnectionOptions;
  /** Looks names up for socks5:// and socks4://. Default: the system's. */
  readonly resolve?: ResolveAddresses;
}

/**
 * Makes connections through a proxy, named by URL as {@link parseProxyUrl} reads it.
 *
 * @throws {ConfigError} SALLYPORT_PROXY_URL
 */
export function proxyDialer(proxy: string | URL, options: ProxyDialerOptions = {}): Dialer {
  const address = parseProxyUrl(proxy);
  return { dial: (target, dial) => dialThrough(address, target, dial, options) };
}

async function dialThrough(
  proxy: ProxyAddress,
  target: DialTarget,
  dial: DialOptions,
  { dialer = directDialer(), tls = {}, resolve = systemAddresses }: ProxyDialerOptions,
): Promise<Socket> {
  const since = performance.now();
  const name = hostForDialling(target.host);
  if (name === undefined) throw new UsageError("SALLYPORT_HOST_INVALID", "The name of the target cannot be a host");
  const host = looksUpHere.has(proxy.scheme) ? await addressOf(name, proxy, dial, resolve) : name;
  const handshake = {
    proxy,
    target: { host, port: target.port },
    proxyText: `The proxy ${proxy.host} port ${proxy.port}`,
    targetText: `${target.host} port ${target.port}`,
  };
  const { localAddress } = target;
  const toProxy = { host: proxy.host, port: proxy.port, ...(localAddress !== undefined && { localAddress }) };
  const tcp = await dialer.dial(toProxy, remainingTime(dial, since)).catch((error: unknown) => {
    throw unreachableProxy(error);
  });
  const isHttp = proxy.scheme === "http" || proxy.scheme === "https";
  const through = proxy.scheme === "https" ? await secureProxy(tcp, handshake, tls, remainingTime(dial, since)) : tcp;
  const connect = isHttp ? connectThroughHttp : connectThroughSocks;
  await connect(through, handshake, remainingTime(dial, since));
  return through;
}

const looksUpHere: ReadonlySet<string> = new Set(["socks5", "socks4"]);

async function addressOf(
  host: string,
  { scheme }: ProxyAddress,
  dial: DialOptions,
  resolve: ResolveAddresses,
): Promise<string> {
  if (isIP(host) !== 0) return host;
  // SOCKS 4 can say IPv4 only; a proxy that knows both rarely has a route for IPv6.
  const families = scheme === "socks4" ? ([4] as const) : ([4, 6] as const);
  const found = await whileDialling<string | undefined>(dial, `The name service for ${host}`, (onFound, fail) => {
    const lookUp = async (): Promise<string | undefined> => {
      for (const family of families) {
        const [address] = await resolve(host, family).catch(() => []);
        if (address !== undefined) return address;
      }
      return undefined;
    };
    lookUp().then(onFound, fail);
    return () => {};
  });
  if (found !== undefined) return found;
  const remote = scheme === "socks4" ? "socks4a" : "socks5h";
  const message = `The host name ${host} has no address here; with ${remote}:// the proxy looks it up`;
  throw new TransportError("SALLYPORT_HOST_UNKNOWN", message);
}

/** Says that it is the proxy of which a direct connection's failure speaks. */
function unreachableProxy(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error;
  return new TransportError(error.code, `The proxy is not reached: ${error.message}`, { cause: error });
}
