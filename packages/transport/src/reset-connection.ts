import type { Socket } from "node:net";

/**
 * Closes a TCP connection with RST, which no peer takes for the end of what it receives.
 *
 * In the turn of the event loop in which the end was begun, after all octets went, the connection is closed plainly: libuv
 * refuses a reset then (EINVAL), Node loses the descriptor, and a process that lost one turns round for good instead of
 * exiting (Node 26.10, measured).
 *
 * @param sender what was written to, where that is not the connection itself but TLS upon it.
 */
export function resetConnection(tcp: Socket, sender: Socket = tcp): void {
  if (isEnding(tcp) || isEnding(sender)) tcp.destroy();
  else tcp.resetAndDestroy();
}

function isEnding({ writableEnded, writableFinished, writableLength }: Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0;
}
