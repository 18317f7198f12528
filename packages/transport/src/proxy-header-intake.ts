import { type LimitValues, limitValues, parseProxyHeader, PeerViolation, type ProxyHeader } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { canonicalAddress } from "./ip-address.ts";
import { readOpening } from "./opening-intake.ts";

/**
 * Reads the PROXY protocol header from the start of an accepted connection and leaves what follows unread.
 *
 * To be called for connections from trusted proxies only: whoever may send the header chooses the address that guards
 * and logs see. Rejects with PeerViolation `SALLYPORT_PROXY_HEADER` where there is none or a malformed one, and with
 * TransportError where the connection ends or nothing whole comes within `limits.proxyHeaderMs`.
 */
export async function receiveProxyHeader(
  socket: Socket,
  options: { readonly limits?: LimitValues; readonly signal?: AbortSignal } = {},
): Promise<ProxyHeader> {
  const { limits = limitValues(), signal } = options;
  const read = (octets: Uint8Array) => {
    const header = parseProxyHeader(octets, limits.proxyHeaderBytes);
    return header === "incomplete" ? undefined : header;
  };
  const header = await readOpening(socket, read, {
    timeoutMs: limits.proxyHeaderMs,
    consumes: (found) => (typeof found === "string" ? 0 : found.byteLength),
    ...(signal && { signal }),
  });
  if (typeof header === "string") throw proxyHeaderViolation(header);
  const { addresses } = header;
  if (addresses && !(canonicalAddress(addresses.source.address) && canonicalAddress(addresses.destination.address))) {
    throw proxyHeaderViolation("malformed");
  }
  return header;
}

function proxyHeaderViolation(reason: string): PeerViolation {
  return new PeerViolation("SALLYPORT_PROXY_HEADER", `The proxy sent no usable PROXY protocol header (${reason})`);
}
