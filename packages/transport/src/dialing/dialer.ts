import type { Socket } from "node:net";

/** Where a connection is to go. */
export interface DialTarget {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The address of this machine to connect from; only targets of its family are tried. */
  readonly localAddress?: string;
}

export interface DialOptions {
  /** For all of it: names, addresses, proxy. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * A way to reach hosts: directly or through a proxy.
 *
 * `dial` resolves to a connected socket that is paused, with nothing read that its user does not get to read, without
 * Nagle's delay, with TCP keep-alive, and with `allowHalfOpen`. Through a proxy its `remoteAddress` is the proxy's; a
 * proxy that is itself reached by TLS gives a TLSSocket.
 *
 * It rejects with TransportError `SALLYPORT_HOST_UNKNOWN`, `SALLYPORT_CONNECT_REFUSED`, `SALLYPORT_CONNECT_TIMEOUT`,
 * `SALLYPORT_CONNECT_FAILED`; through a proxy, of which the same may be said, also with `SALLYPORT_PROXY_REFUSED` (it
 * could or would not reach the target), `SALLYPORT_PROXY_AUTH` (it wants another login), `SALLYPORT_PROXY_FAILED` (it
 * broke off or speaks another protocol) and TlsError `SALLYPORT_PROXY_TLS_FAILED`. An abort rejects with the signal's
 * reason. After any of them nothing is left open.
 */
export interface Dialer {
  dial(target: DialTarget, options: DialOptions): Promise<Socket>;
}
