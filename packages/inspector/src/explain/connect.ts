import * as net from "node:net";
import { WireTap } from "@sallyport/transport";
import type { Endpoint } from "../capture/tcp-packets.ts";
import type { Problem } from "../model/index.ts";
import type { Lane } from "./lane.ts";

/** Connects to the port and taps every octet; gives the tap, or why there is no connection. */
export async function connectTcp(lane: Lane, host: string, port: number): Promise<WireTap | Problem> {
  lane.restart();
  lane.note("to-server", { layer: "tcp", kind: "connecting", text: endpointText(host, port) });
  const socket = net.connect({ host, port });
  const error = await connected(socket, lane);
  lane.signal.throwIfAborted();
  if (error !== undefined) {
    socket.destroy();
    return error === "timeout"
      ? { id: "silent", awaited: "connection", timeoutMs: lane.timeoutMs }
      : connectProblem(error);
  }
  const remote = endpointText(socket.remoteAddress ?? host, socket.remotePort ?? port);
  lane.note("to-client", { layer: "tcp", kind: "connected", text: remote });
  return new WireTap(
    socket,
    lane.tapOf(endOf(socket.localAddress, socket.localPort), endOf(socket.remoteAddress, port)),
  );
}

function endOf(address: string | undefined, port: number | undefined): Endpoint {
  return { address: address ?? "0.0.0.0", port: port ?? 0 };
}

/** An address and a port as one text; IPv6 addresses stand in brackets. */
function endpointText(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The code of a system error; a name with several addresses gives one error that holds theirs. */
function systemCode(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  return error instanceof AggregateError ? systemCode(error.errors[0]) : "unknown";
}

function connected(socket: net.Socket, lane: Lane): Promise<Error | "timeout" | undefined> {
  return new Promise((resolve) => {
    const deadline = AbortSignal.any([AbortSignal.timeout(lane.timeoutMs), lane.signal]);
    const settle = (result: Error | "timeout" | undefined) => {
      deadline.removeEventListener("abort", onAbort);
      socket.off("connect", onConnect).off("error", settle);
      // A destroyed socket may still report an error, which must not end the process.
      socket.on("error", () => {});
      resolve(result);
    };
    const onAbort = () => settle("timeout");
    const onConnect = () => settle(undefined);
    socket.once("connect", onConnect).once("error", settle);
    if (deadline.aborted) settle("timeout");
    else deadline.addEventListener("abort", onAbort);
  });
}

function connectProblem(error: Error): Problem {
  const code = systemCode(error);
  if (code === "ECONNREFUSED") return { id: "refused" };
  if (["ENOTFOUND", "EAI_AGAIN", "EAI_NONAME", "ENODATA"].includes(code)) return { id: "name-unknown" };
  return { id: "unreachable", code };
}
