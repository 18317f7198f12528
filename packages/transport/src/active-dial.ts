import { TransportError } from "@sallyport/protocol";
import { connect, type Socket } from "node:net";
import { addressReach, canonicalAddress } from "./ip-address.ts";

/** Where a PORT or EPRT command wants the data connection to go. */
export interface ActiveEndpoint {
  readonly address: string;
  readonly port: number;
}

export interface ActiveEndpointRules {
  /** The remote address of the control connection. */
  readonly controlPeerAddress: string;
  /** Hosts that transfers between two servers may lead to. Absent: none. */
  readonly admits?: (address: string) => boolean;
}

/**
 * Why an endpoint is refused: `not-an-address`, no plain IP address or no port number; `low-port`, below 1024, where
 * other services listen; `third-party`, not the host of the control connection; `not-a-host`, an address that
 * reaches this machine itself, its link, or many hosts at once.
 */
export type ActiveEndpointRefusal = "not-an-address" | "low-port" | "third-party" | "not-a-host";

/**
 * Decides whether the server may connect to an endpoint that a client named, before any packet goes out (RFC 2577 §3,
 * S-06): only to the host of the control connection itself, unless transfers between servers admit another, and never
 * to a port below 1024.
 */
export function judgeActiveEndpoint(
  endpoint: ActiveEndpoint,
  rules: ActiveEndpointRules,
): "allowed" | ActiveEndpointRefusal {
  const address = canonicalAddress(endpoint.address);
  const { port } = endpoint;
  if (address === undefined || !Number.isInteger(port) || port < 1 || port > 0xffff) return "not-an-address";
  if (port < firstUnprivilegedPort) return "low-port";
  const peer = canonicalAddress(rules.controlPeerAddress);
  if (address === peer) return "allowed";
  if (!rules.admits?.(address)) return "third-party";
  const reach = addressReach(address);
  const sameReach = peer !== undefined && reach === addressReach(peer);
  const fitsReach = reach === "other" || (sameReach && (reach === "loopback" || reach === "link-local"));
  return fitsReach ? "allowed" : "not-a-host";
}

export interface ActiveDialOptions {
  /** The local address of the control connection, used for the data connection as well (R-1123-18). */
  readonly localAddress: string;
  /** 20, or 989 with implicit TLS; where it cannot be bound, the kernel picks a port (R-959-71). */
  readonly localPort?: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Connects to an endpoint that {@link judgeActiveEndpoint} allowed, and returns the connection paused.
 *
 * Rejects with TransportError `SALLYPORT_DATA_CONNECT_FAILED` (refused, unreachable) or
 * `SALLYPORT_DATA_CONNECT_TIMEOUT`, and with the signal's reason when aborted.
 */
export async function dialActive(endpoint: ActiveEndpoint, options: ActiveDialOptions): Promise<Socket> {
  const { localPort } = options;
  if (localPort !== undefined) {
    const socket = await dial(endpoint, options, localPort).catch((error: unknown) => {
      if (!isPortTrouble(error)) throw error;
    });
    if (socket) return socket;
  }
  return dial(endpoint, options);
}

async function dial(
  { address, port }: ActiveEndpoint,
  options: ActiveDialOptions,
  localPort?: number,
): Promise<Socket> {
  const { localAddress, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({
    host: address,
    port,
    localAddress: canonicalAddress(localAddress) ?? localAddress,
    ...(localPort !== undefined && { localPort }),
    allowHalfOpen: true,
    noDelay: true,
    autoSelectFamily: false,
  });
  socket.pause();
  const where = `${address} port ${port}`;
  const timer = setTimeout(() => reject(connectTimeout(where, timeoutMs)), timeoutMs);
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  socket.once("connect", resolve).on("error", (cause) => reject(connectFailed(where, cause)));
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

const firstUnprivilegedPort = 1024;

/** Whether the local port was the trouble: not ours to bind, or still tied to an earlier connection of this pair. */
function isPortTrouble(error: unknown): boolean {
  const cause = error instanceof TransportError ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && localPortTroubles.has(String(cause.code));
}

const localPortTroubles = new Set(["EACCES", "EADDRINUSE", "EADDRNOTAVAIL"]);

function connectTimeout(where: string, timeoutMs: number): TransportError {
  return new TransportError("SALLYPORT_DATA_CONNECT_TIMEOUT", `No data connection to ${where} within ${timeoutMs} ms`);
}

function connectFailed(where: string, cause: Error): TransportError {
  return new TransportError("SALLYPORT_DATA_CONNECT_FAILED", `No data connection to ${where}`, { cause });
}
