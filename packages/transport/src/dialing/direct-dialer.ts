import { TransportError } from "@sallyport/protocol";
import { lookup } from "node:dns/promises";
import type { Socket } from "node:net";
import { AddressRace, type AddressRaceLoss, type ResolveAddresses } from "./address-race.ts";
import type { Dialer, DialOptions, DialTarget } from "./dialer.ts";
import { whileDialling } from "./dial-wait.ts";

export interface DirectDialerOptions {
  /** Finds the addresses of a host name, and may leave out those that must not be dialled. Default: the system's. */
  readonly resolve?: ResolveAddresses;
}

/** Makes connections without a proxy, to whichever of a host's addresses answers first (RFC 8305, R-CLI-04). */
export function directDialer({ resolve = systemAddresses }: DirectDialerOptions = {}): Dialer {
  return { dial: (target, options) => dialDirectly(target, options, resolve) };
}

async function dialDirectly(target: DialTarget, options: DialOptions, resolve: ResolveAddresses): Promise<Socket> {
  const where = `${target.host} port ${target.port}`;
  const socket = await whileDialling<Socket>(options, where, (onWon, fail) => {
    const onLost = (loss: AddressRaceLoss): void => fail(lossError(target, where, loss));
    const race = new AddressRace(target, resolve, { onWon, onLost });
    return () => race[Symbol.dispose]();
  });
  // Whoever takes the connection listens for itself; until then an error must not end the process.
  socket.on("error", () => {});
  return socket;
}

/** Asks the system, that is, the hosts file and DNS as configured. */
export async function systemAddresses(host: string, family: 4 | 6): Promise<readonly string[]> {
  const found = await lookup(host, { family, all: true });
  return found.map(({ address }) => address);
}

function lossError({ host, localAddress }: DialTarget, where: string, loss: AddressRaceLoss): TransportError {
  const cause = new AggregateError([...loss.attempts, ...loss.lookups], "No address answered");
  if (loss.attempts.length === 0) {
    const isTemporary = loss.lookups.some((error) => codeOf(error) === "EAI_AGAIN");
    const from = localAddress === undefined ? "" : ` of the family of ${localAddress}`;
    const message = isTemporary
      ? `The name service does not answer for ${host}; check the network and the DNS settings`
      : `The host name ${host} has no address${from}; check its spelling`;
    return new TransportError("SALLYPORT_HOST_UNKNOWN", message, { cause });
  }
  const codes = new Set(loss.attempts.map(codeOf));
  const [code, text] = attemptVerdicts.find(([errno]) => codes.has(errno))?.[1] ?? failed;
  return new TransportError(code, `${where} ${text}`.replace("{local}", localAddress ?? ""), { cause });
}

const failed = ["SALLYPORT_CONNECT_FAILED", "cannot be reached"] as const;

/** The most telling first: whoever refuses is there. */
const attemptVerdicts: readonly (readonly [string, readonly [string, string]])[] = [
  ["ECONNREFUSED", ["SALLYPORT_CONNECT_REFUSED", "refuses connections: nothing listens there, or a firewall says no"]],
  ["ETIMEDOUT", ["SALLYPORT_CONNECT_TIMEOUT", "does not answer"]],
  ["ECONNRESET", ["SALLYPORT_CONNECT_FAILED", "reset the connection at once"]],
  ["EADDRNOTAVAIL", ["SALLYPORT_CONNECT_FAILED", "cannot be reached from the local address {local}"]],
  ["EACCES", ["SALLYPORT_CONNECT_FAILED", "may not be reached: this machine forbids it"]],
  ["EPERM", ["SALLYPORT_CONNECT_FAILED", "may not be reached: this machine forbids it"]],
  ["EHOSTUNREACH", ["SALLYPORT_CONNECT_FAILED", "cannot be reached: there is no route to the host"]],
  ["ENETUNREACH", ["SALLYPORT_CONNECT_FAILED", "cannot be reached: there is no route to its network"]],
];

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
