import { isIP } from "node:net";

/** Parsers for `explain`. What they throw completes the sentence "HOST takes …, not "value"". */

/** A host name or an address as a person types it; IPv6 addresses may stand in brackets. */
export function parseHost(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  const isName = /^[\p{L}\p{N}_.-]{1,253}$/u.test(bare) && !bare.startsWith("-");
  if (isIP(bare) === 0 && !isName) {
    throw new Error("a host name or an address without port, as in ftp.example.org or ::1 (see --explicit-port)");
  }
  return bare;
}

/** A port to connect to. */
export function parseRemotePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new Error("a port from 1 to 65535");
  return port;
}

/** A span of time. */
export function parseSeconds(text: string): number {
  const seconds = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds < 0.1 || seconds > 600) throw new Error("seconds from 0.1 to 600");
  return seconds;
}
