/** The other end of bench/data-path.ts: moves zeros or drops what comes, with the least of work. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface ClientOrder {
  readonly port: number;
  /** As the server sees it. */
  readonly direction: "send" | "receive";
  readonly tls: boolean;
  readonly sizeBytes: number;
}

const buffer = Buffer.alloc(1_048_576);

process.on("message", (order: ClientOrder) => {
  const { port, direction, tls, sizeBytes } = order;
  let bytes = 0;
  const onread = {
    buffer: Buffer.alloc(65_536),
    callback: (length: number) => {
      bytes += length;
      return true;
    },
  };
  const where = { host: "127.0.0.1", port, onread, noDelay: true };
  const socket: Socket = tls
    ? connectTls({ ...where, rejectUnauthorized: false, ciphers: "TLS_AES_128_GCM_SHA256" })
    : connectTcp(where);
  socket.resume();
  socket.once("close", () => process.send?.({ bytes }));
  if (direction === "receive") socket.once(tls ? "secureConnect" : "connect", () => push());
  else socket.once("end", () => socket.end());

  function push(): void {
    const left = sizeBytes - bytes;
    if (left === 0) return void socket.end();
    const piece = left < buffer.length ? buffer.subarray(0, left) : buffer;
    bytes += piece.length;
    socket.write(piece, push);
  }
});
