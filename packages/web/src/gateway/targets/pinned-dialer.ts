import { type Dialer, directDialer, type ResolveAddresses } from "@sallyport/transport";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { GatewayRefusal } from "../problem.ts";
import type { TargetPolicy } from "./target-policy.ts";

export interface PinnedDialerOptions {
  readonly policy: TargetPolicy;
  /** Ports of control connections besides the usual ones and the first that is dialled. */
  readonly controlPorts?: readonly number[];
  /** Default: the system's. */
  readonly resolve?: ResolveAddresses;
}

/**
 * Makes the connections of one login. The host's name is looked up once and every address is asked about; from the first
 * connection on there is one address for all of them, data connections included, whatever the name says later. Each control
 * port is asked about; data connections go to unprivileged ports alone.
 *
 * Rejects with GatewayRefusal `SALLYPORT_TARGET_REFUSED` where no address of the host may be reached.
 */
export function pinnedDialer({ policy, controlPorts: more = [], resolve = addressesOf }: PinnedDialerOptions): Dialer {
  const found = new Map<string, Promise<readonly string[]>>();
  const controlPorts = new Set([21, 990, ...more]);
  let pinned: string | undefined;
  const permitted = async (host: string, port: number, family: 4 | 6): Promise<readonly string[]> => {
    const key = `${family} ${host}`;
    const looking = found.get(key) ?? resolve(host, family);
    found.set(key, looking);
    const addresses = await looking;
    const reachable = addresses.filter((address) => policy.permits({ host, port }, address));
    if (addresses.length > 0 && reachable.length === 0) throw refused();
    return reachable;
  };
  const toPinned: Dialer["dial"] = (target, options) => {
    const { port } = target;
    const address = pinned ?? target.host;
    const isAllowed = controlPorts.has(port) ? policy.permits(target, address) : port >= 1024;
    if (!isAllowed) throw refused();
    return directDialer().dial({ ...target, host: address }, options);
  };
  return {
    dial: async (target, options) => {
      const { host, port } = target;
      if (pinned !== undefined) return toPinned(target, options);
      if (isIP(host) !== 0 && !policy.permits(target, host)) throw refused();
      const dialer = directDialer({ resolve: (name, family) => permitted(name, port, family) });
      const socket = await dialer.dial(target, options).catch((error: unknown) => {
        throw isRefusal(error) ? refused() : error;
      });
      pinned ??= socket.remoteAddress;
      controlPorts.add(port);
      if (socket.remoteAddress === pinned) return socket;
      // Another connection, made at the same time, was first, and has led to another machine of that name.
      socket.destroy();
      return toPinned(target, options);
    },
  };
}

async function addressesOf(host: string, family: 4 | 6): Promise<readonly string[]> {
  const found = await lookup(host, { family, all: true });
  return found.map(({ address }) => address);
}

function refused(): GatewayRefusal {
  return new GatewayRefusal(403, "SALLYPORT_TARGET_REFUSED", "This gateway does not connect to that server");
}

/** Who was refused for each family is told so by the dialer as a host without an address. */
function isRefusal(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  return (
    cause instanceof AggregateError &&
    cause.errors.some((each: unknown) => each instanceof GatewayRefusal && each.code === "SALLYPORT_TARGET_REFUSED")
  );
}
