import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** How a connection ends without a word: by RST, or by FIN in the midst of what TLS was saying. */
export type Cut = "RST" | "FIN";

/**
 * A TCP connection that lets so many octets through, both ways together, and is cut then; under TLS those are octets on
 * the wire, so that the cut may fall into the handshake or into a record.
 */
export function cutAfter(socket: Socket, octetsMax: number, onCut: () => void): Duplex {
  let left = octetsMax;
  let isCut = false;
  const line = new Duplex({
    read: () => void socket.resume(),
    write: (octets: Buffer, _encoding, done) => {
      if (isCut) return;
      const passed = octets.subarray(0, left);
      left -= passed.length;
      socket.write(passed, () => {
        if (left === 0) cut();
        else done();
      });
    },
    final: (done) => void socket.end(done),
    destroy: (_error, done) => {
      socket.destroy();
      done(null);
    },
  });
  const cut = (): void => {
    if (isCut) return;
    isCut = true;
    onCut();
  };
  socket.on("error", () => undefined);
  socket.on("data", (octets: Buffer) => {
    if (isCut) return;
    const passed = octets.subarray(0, left);
    left -= passed.length;
    if (!line.push(passed)) socket.pause();
    if (left === 0) cut();
  });
  socket.on("end", () => !isCut && line.push(null));
  return line.on("error", () => undefined);
}

/** Ends a TCP connection as a process does that dies, or as a broken proxy does. */
export function cutNow(socket: Socket, cut: Cut): void {
  if (socket.destroyed) return;
  if (cut === "RST") socket.resetAndDestroy();
  else {
    socket.end();
    setTimeout(() => socket.destroy(), 50);
  }
}
