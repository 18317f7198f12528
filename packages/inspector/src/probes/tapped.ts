import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { WireTap, type WireObserver } from "@sallyport/transport";
import type { CapturedConnection } from "../capture/capture.ts";
import { bothOf } from "../capture/both-of.ts";
import type { InspectedServer } from "./inspected-server.ts";

/** A connection every octet of which is seen by a probe, and kept where a capture is made. */
export interface Tapped {
  readonly tap: WireTap;
  readonly captured: CapturedConnection | undefined;
}

export function tapped({ capture }: InspectedServer, tcp: Socket, observer: WireObserver): Tapped {
  const { localAddress = "0.0.0.0", localPort = 0, remoteAddress = "0.0.0.0", remotePort = 0 } = tcp;
  const captured = capture?.connection(
    { address: localAddress, port: localPort },
    { address: remoteAddress, port: remotePort },
  );
  return { tap: new WireTap(tcp, captured === undefined ? observer : bothOf(captured, observer)), captured };
}

/** Keeps the keys of TLS on it, where a capture is made. */
export function keepKeys(socket: TLSSocket, captured: CapturedConnection | undefined): void {
  if (captured === undefined) return;
  socket.on("keylog", (line: Buffer) => captured.learnKey(line.toString("latin1")));
  // TLS 1.2 resumes with the master secret of the connection that the ticket is of, which may have carried a password.
  socket.once("secureConnect", () => {
    if (socket.isSessionReused() && socket.getProtocol() !== "TLSv1.3") captured.carriedPassword();
  });
}

/** Whether a command carries what nobody may read: whoever has the keys of its connection has that. */
export function isSecretLine(line: string): boolean {
  return /^(?:PASS|ACCT|ADAT)(?: |$)/i.test(line);
}
