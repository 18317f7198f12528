import type { Server, Socket } from "node:net";
import type { SecureContext } from "node:tls";

/** What the connections of a broken server share. */
export interface BrokenGround {
  readonly directory: string;
  readonly context: SecureContext;
  readonly listeners: Set<Server>;
  readonly sockets: Set<Socket>;
  /** Hole: ports are handed out one after the other. */
  nextPort: number;
  text: string;
}

/** Remembers a socket until it closes, and swallows its errors. */
export function keep(ground: BrokenGround, socket: Socket): Socket {
  ground.sockets.add(socket);
  return socket.on("error", () => undefined).on("close", () => ground.sockets.delete(socket));
}
