import { isIpv4, normaliseAddress } from "./addresses.ts";
import type { ReceivedReply } from "./user-pi-failure.ts";
import type { Between, HostMemory, TimerName, TransferRequest, UserPi } from "./user-pi-state.ts";
import type { Fault } from "./user-pi-turn.ts";

/* In what a transfer between two servers is another than one with the user, before its command is sent. */

/** Whether the server connects, to the user or to another server, and does not listen. */
export function isToConnect({ policy }: UserPi, { between }: TransferRequest): boolean {
  return between === undefined ? policy.dataSetup === "active" : between.setUp === "active";
}

/** By which command a port is asked for first. */
export function firstPassiveVerb(
  { peerAddress, memory }: UserPi,
  { between }: TransferRequest,
): HostMemory["passive"] | "CPSV" {
  if (between !== undefined && between.setUp !== "active") return between.setUp;
  return isIpv4(peerAddress) ? memory.passive : "EPSV";
}

/** A third host is never what another server is sent to, unless the user permits it (S-06, S-10). */
export function mayMeetAt(host: string, peerAddress: string, { hosts }: Between): boolean {
  return normaliseAddress(host) !== undefined && (host === peerAddress || hosts.includes(host));
}

/** How long ABOR waits: a server that is to meet another may be connecting yet, and hears nothing. */
export function abortTimer({ between }: TransferRequest): TimerName {
  return between === undefined ? "abort" : "reply";
}

export function foreignAddress(host: string, reply: ReceivedReply): Fault {
  const message = `The server would have another one connect to ${host}, which is not its own address`;
  return { code: "SALLYPORT_FOREIGN_ADDRESS", message, reply };
}

export const dataUnprotected: Fault = {
  code: "SALLYPORT_PROTECTION_REFUSED",
  message: "Data connections of this server have no protection",
};
