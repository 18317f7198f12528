import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { TransportError, ConfigError, type SallyportError } from "@sallyport/protocol";
import type { ListenerOptions } from "@sallyport/server";
import { errorCode } from "./files.ts";
import type { ServiceSettings } from "./settings.ts";

/** Where a service listens. */
export type Endpoints = Pick<ServiceSettings, "listen" | "explicitPort" | "implicitPort" | "listeners">;

/** Every address in both modes, unless the listeners are given one by one. */
export function listenersOf({ listen, explicitPort, implicitPort, listeners }: Endpoints): readonly ListenerOptions[] {
  if (listeners !== undefined) return listeners;
  const modes = [
    ["explicit", explicitPort],
    ["implicit", implicitPort],
  ] as const;
  return listen.flatMap((address) =>
    modes.flatMap(([tlsMode, port]) => (port === "off" ? [] : [{ tlsMode, address, port }])),
  );
}

/** All addresses of this machine; without IPv6 in the kernel those of IPv4 alone. */
export function everyAddress(): string[] {
  return hasIpv6() ? ["0.0.0.0", "::"] : ["0.0.0.0"];
}

/** The addresses that this machine alone can reach. */
export function loopbackAddresses(): string[] {
  return hasIpv6() ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((rows) => rows?.some(({ family }) => family === "IPv6"));
}

/**
 * Binds each port for a moment, so that an occupied one is found before anything is written.
 *
 * @throws as {@link listeningError}.
 */
export async function tryPorts(endpoints: Endpoints): Promise<void> {
  for (const listener of listenersOf(endpoints)) {
    // oxlint-disable-next-line no-await-in-loop -- the first that fails is the one to name
    await tryListener(listener).catch((error: unknown) => {
      throw listeningError(error, [listener]);
    });
  }
}

/**
 * Says in one sentence why a port could not be bound.
 *
 * @returns SALLYPORT_PORT_OCCUPIED, SALLYPORT_PORT_FORBIDDEN or SALLYPORT_ADDRESS_UNAVAILABLE; other errors as they are.
 */
export function listeningError(error: unknown, listeners: readonly ListenerOptions[]): unknown {
  if (!(error instanceof Error)) return error;
  const port = "port" in error ? Number(error.port) : 0;
  const listener = listeners.find((candidate) => candidate.port === port) ?? listeners[0];
  if (listener === undefined) return error;
  return complaints[errorCode(error)]?.(listener, error) ?? error;
}

type Complaint = (listener: ListenerOptions, cause: Error) => SallyportError;

const complaints: Readonly<Record<string, Complaint>> = {
  EADDRINUSE: ({ tlsMode, address, port }, cause) => portOccupied({ address, port, flag: `--${tlsMode}-port` }, cause),
  EACCES: ({ tlsMode, address, port }, cause) =>
    new ConfigError(
      "SALLYPORT_PORT_FORBIDDEN",
      `This user may not listen on port ${port} of ${address}: start as root with --run-as, or choose a port from 1024 on with --${tlsMode}-port.`,
      { cause },
    ),
  EADDRNOTAVAIL: ({ address }, cause) => addressUnavailable(address, cause),
  EAFNOSUPPORT: ({ address }, cause) => addressUnavailable(address, cause),
  EINVAL: ({ address }, cause) => addressUnavailable(address, cause),
};

/** Says that a port is taken, and which flag names another. */
export function portOccupied(
  { address, port, flag }: { readonly address: string; readonly port: number; readonly flag: string },
  cause: Error,
): TransportError {
  const message = `Port ${port} on ${address} is in use by another program: stop that one, or choose another with ${flag}.`;
  return new TransportError("SALLYPORT_PORT_OCCUPIED", message, { cause });
}

function addressUnavailable(address: string, cause: Error): TransportError {
  const message = `This machine has no address ${address}: give one of its own with --listen, or leave it out to listen on all.`;
  return new TransportError("SALLYPORT_ADDRESS_UNAVAILABLE", message, { cause });
}

function tryListener({ address, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: address, port, ipv6Only: address.includes(":") }, () => void server.close(() => resolve()));
  });
}
