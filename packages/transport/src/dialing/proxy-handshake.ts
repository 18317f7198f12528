import type { ProxyAddress } from "./proxy-url.ts";

/** A connection to a proxy that is to be led on to a target. */
export interface ProxyHandshake {
  readonly proxy: ProxyAddress;
  readonly target: { readonly host: string; readonly port: number };
  /** What messages call the proxy and the target. */
  readonly proxyText: string;
  readonly targetText: string;
}
