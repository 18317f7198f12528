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

/**
 * Keeps the keys of TLS on it, where a capture is made. TLS up to 1.2 resumes with the master secret of the connection
 * that the ticket is of, which may have carried a password: its keys are then that password's, whatever became of the
 * handshake.
 */
export function keepKeys(
  socket: TLSSocket,
  captured: CapturedConnection | undefined,
  { offersTicket = false }: { readonly offersTicket?: boolean } = {},
): void {
  socket.on("keylog", (octets: Buffer) => {
    const line = octets.toString("latin1");
    captured?.learnKey(line);
    if (offersTicket && line.startsWith("CLIENT_RANDOM ")) captured?.carriedPassword();
  });
}

/** Ends a handshake whose peer has gone, which Node keeps open. */
export function endsWithPeer(socket: TLSSocket, tap: WireTap): void {
  let isSecured = false;
  socket.once("secureConnect", () => (isSecured = true));
  const giveUp = () => setImmediate(() => isSecured || socket.destroy());
  if (tap.readableEnded || tap.destroyed) giveUp();
  else tap.once("end", giveUp).once("close", giveUp);
}

/** Whether a command carries what nobody may read: whoever has the keys of its connection has that. */
export function isSecretLine(line: string): boolean {
  return /^(?:PASS|ACCT|ADAT)(?: |$)/i.test(line);
}
