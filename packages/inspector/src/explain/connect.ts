import { isSallyportError } from "@sallyport/protocol";
import { WireTap } from "@sallyport/transport";
import type { Endpoint } from "../capture/tcp-packets.ts";
import type { Problem } from "../model/index.ts";
import type { Lane } from "./lane.ts";

/** Connects to the port and taps every octet; gives the tap, or why there is no connection. */
export async function connectTcp(lane: Lane, host: string, port: number): Promise<WireTap | Problem> {
  lane.restart();
  lane.note("to-server", { layer: "tcp", kind: "connecting", text: endpointText(host, port) });
  try {
    const { timeoutMs, signal } = lane;
    const socket = await lane.dialer.dial({ host, port }, { timeoutMs, signal });
    const remote = endOf(socket.remoteAddress, socket.remotePort ?? port);
    lane.note("to-client", { layer: "tcp", kind: "connected", text: endpointText(remote.address, remote.port) });
    return new WireTap(socket, lane.tapOf(endOf(socket.localAddress, socket.localPort), remote));
  } catch (error) {
    lane.signal.throwIfAborted();
    if (!isSallyportError(error)) throw error;
    return problems[error.code]?.(lane.timeoutMs) ?? { id: "unreachable", code: systemCode(error.cause) ?? error.code };
  }
}

const problems: Readonly<Record<string, (timeoutMs: number) => Problem>> = {
  SALLYPORT_HOST_UNKNOWN: () => ({ id: "name-unknown" }),
  SALLYPORT_CONNECT_REFUSED: () => ({ id: "refused" }),
  SALLYPORT_CONNECT_TIMEOUT: (timeoutMs) => ({ id: "silent", awaited: "connection", timeoutMs }),
};

function endOf(address: string | undefined, port: number | undefined): Endpoint {
  return { address: address ?? "0.0.0.0", port: port ?? 0 };
}

/** An address and a port as one text; IPv6 addresses stand in brackets. */
function endpointText(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The code of a system error; a name with several addresses gives one error that holds theirs. */
function systemCode(error: unknown): string | undefined {
  if (error instanceof AggregateError) return systemCode(error.errors[0]);
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
