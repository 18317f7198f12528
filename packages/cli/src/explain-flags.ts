import { isIP } from "node:net";
import { UsageError } from "@sallyport/protocol";

/** Parsers for `explain` and `inspect`. What they throw completes the sentence "TARGET takes …, not "value"". */

/** A server to look at, perhaps with its explicit port. */
export interface ServerTarget {
  readonly host: string;
  readonly port?: number;
}

/** The word that names it. */
export const targetParameter = {
  brief: "Host name or address of the server, with its explicit port",
  placeholder: "HOST[:PORT]",
  parse: parseTarget,
} as const;

/** `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`; an IPv6 address without brackets has no port. */
export function parseTarget(text: string): ServerTarget {
  const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? name;
  if (host === undefined || port === undefined) return { host: parseHost(text) };
  return { host: parseHost(host), port: parseRemotePort(port) };
}

/**
 * The port that begins in clear, from where it is said.
 *
 * @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION where two are.
 */
export function explicitPortOf<Port extends number | "off">(
  { port }: ServerTarget,
  { explicitPort }: { readonly explicitPort?: Port },
): Port | number {
  if (port !== undefined && explicitPort !== undefined && port !== explicitPort) {
    const message = "HOST:PORT and --explicit-port name two ports: leave one out.";
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", message);
  }
  return explicitPort ?? port ?? 21;
}

/** A host name or an address as a person types it; IPv6 addresses may stand in brackets. */
function parseHost(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  const isName = /^[\p{L}\p{N}_.-]{1,253}$/u.test(bare) && !bare.startsWith("-");
  if (isIP(bare) === 0 && !isName) {
    throw new Error("a host name or an address, as in ftp.example.org or ::1, perhaps with a port, as in [::1]:2121");
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
