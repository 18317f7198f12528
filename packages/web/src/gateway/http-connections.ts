import { hostKey } from "@sallyport/protocol";
import type { Server } from "node:http";
import { bounds } from "./bounds.ts";

/** Lets nobody have all connections: more than one address may have, and more than there may be, are closed at once. */
export function boundConnections(server: Server, { isBehindProxy }: { readonly isBehindProxy: boolean }): void {
  server.maxConnections = bounds.httpConnectionsCount;
  // All connections of a proxy come from one address.
  if (isBehindProxy) return;
  const countOf = new Map<string, number>();
  server.prependListener("connection", (socket) => {
    const host = hostKey(socket.remoteAddress ?? "");
    const count = (countOf.get(host) ?? 0) + 1;
    if (count > bounds.httpConnectionsPerHost) return void socket.destroy();
    countOf.set(host, count);
    socket.once("close", () => {
      const left = (countOf.get(host) ?? 1) - 1;
      if (left > 0) countOf.set(host, left);
      else countOf.delete(host);
    });
  });
}
