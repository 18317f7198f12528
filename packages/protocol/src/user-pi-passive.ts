import { parseExtendedPassiveReply, parsePassiveReply } from "./endpoints.ts";
import type { ReceivedReply } from "./user-pi-failure.ts";
import type { DataEndpoint, Exchange, Job, TransferRequest, UserPi, UserPiEffect } from "./user-pi-state.ts";
import { arm, send } from "./user-pi-turn.ts";

/*
 * What a passive command's reply names, and the passive command of the transfer after this one: sent right behind the
 * transfer command, in one piece with it, it is answered right behind the completion reply, which spares the next transfer
 * a round trip.
 */

type PassiveVerb = Extract<Job, { kind: "transfer" }>["passive"];

/** Where a reply says that the server listens; undefined where it cannot be read. */
export function passiveEndpoint(
  { peerAddress, policy }: UserPi,
  { passive, between }: { readonly passive: PassiveVerb; readonly between?: TransferRequest["between"] },
  { code, lines }: ReceivedReply,
  effects: UserPiEffect[],
): DataEndpoint | undefined {
  const text = lines.at(-1) ?? "";
  // Boxes in between are known to answer one command as if it were the other.
  if (code === 229 || (code !== 227 && passive === "EPSV")) {
    const port = parseExtendedPassiveReply(text);
    return port === undefined ? undefined : { host: peerAddress, port };
  }
  const named = parsePassiveReply(text);
  // Another server is not sent to an address that somebody put in place of the named one.
  if (between !== undefined) return named;
  if (named === undefined || named.host === peerAddress || policy.passiveAddress === "trust") return named;
  effects.push({ kind: "foreign-address", named });
  return { host: peerAddress, port: named.port };
}

/** Sends the passive command of the next transfer right behind the transfer command, where that is wanted and possible. */
export function askReserve(pi: UserPi, request: TransferRequest, effects: UserPiEffect[]): UserPi {
  const { policy, reserve, control, memory, timer } = pi;
  const isWanted = request.preparesNext === true && policy.sendsAhead === true && request.between === undefined;
  // A record of TLS comes whole, so that no server finds the command while it moves data.
  const isPossible = policy.dataSetup === "passive" && control === "tls";
  if (!isWanted || !isPossible || reserve.kind === "refused") return pi;
  const asked = send(pi, { purpose: "reserve", verb: memory.passive }, effects);
  return timer === undefined ? asked : arm(asked, timer, effects);
}

/** A reply that names no endpoint is as good as a refusal, after which no other is asked for ahead. */
export function reserveAnswered(
  pi: UserPi,
  { verb }: Exchange,
  reply: ReceivedReply | undefined,
  effects: UserPiEffect[],
): UserPi {
  const passive = verb === "PASV" ? "PASV" : "EPSV";
  const endpoint = reply && passiveEndpoint(pi, { passive }, reply, effects);
  return { ...pi, reserve: endpoint === undefined ? { kind: "refused" } : { kind: "offered", endpoint } };
}

/** Whether a reply can only be that of the passive command behind a transfer command, although the latter's is due. */
export function isOfReserve(transfer: Exchange, code: number): boolean {
  return namesEndpoint(code) || (transfer.preliminariesCount > 0 && unknownCommand.has(code));
}

/** Whether a reply is one to PASV, CPSV or EPSV, and to nothing else. */
export function namesEndpoint(code: number): boolean {
  return code === 227 || code === 229;
}

/** A transfer command that was accepted is answered by none of them (RFC 959 §5.4). */
const unknownCommand: ReadonlySet<number> = new Set([500, 501, 502, 503, 504]);
