import { createServer, type Socket } from "node:net";
import type { ListenerOptions } from "./options.ts";

/** A listening socket, as bound. */
export interface BoundListener {
  readonly tlsMode: "explicit" | "implicit";
  readonly address: string;
  readonly port: number;
  /** Stops accepting at once; connections that were accepted live on. */
  close(): void;
}

const backlogCount = 511;

/**
 * Binds one listener; rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). With `pauseOnConnect` nothing
 * is read from connections, so that they can be handed to another process.
 */
export async function bindListener(
  options: ListenerOptions,
  accept: (socket: Socket) => void,
  { pauseOnConnect = false }: { readonly pauseOnConnect?: boolean } = {},
): Promise<BoundListener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      { host: options.address, port: options.port, backlog: backlogCount, ipv6Only: options.address.includes(":") },
      resolve,
    );
  });
  server.removeAllListeners("error");
  // EMFILE and the like: the connection is lost, the listener lives on.
  server.on("error", () => undefined);
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("a TCP listener has an address");
  return {
    tlsMode: options.tlsMode,
    address: bound.address,
    port: bound.port,
    close: () => void server.close(),
  };
}
