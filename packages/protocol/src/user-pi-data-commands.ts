import { isIpv4 } from "./addresses.ts";
import { formatExtendedEndpoint, formatPassiveEndpoint } from "./endpoints.ts";
import type { Octets } from "./octets.ts";
import type { DataEndpoint, TransferRequest } from "./user-pi-state.ts";
import type { NextCommand } from "./user-pi-turn.ts";

/** PORT has room for IPv4 alone, and is what old servers know; EPRT serves both (RFC 2428 §2). */
export function activeCommand(endpoint: DataEndpoint, id: number): NextCommand {
  return isIpv4(endpoint.host)
    ? { purpose: "active", verb: "PORT", argument: formatPassiveEndpoint(endpoint.host, endpoint.port) as Octets, id }
    : { purpose: "active", verb: "EPRT", argument: formatExtendedEndpoint(endpoint) as Octets, id };
}

/** PRET says ahead which command will use the data connection. */
export function announcement({ id, verb, argument }: TransferRequest): NextCommand {
  const wanted = (argument === undefined ? verb : `${verb} ${argument}`) as Octets;
  return { purpose: "announce", verb: "PRET", argument: wanted, id };
}
