import type { ConnectionSelector, ConnectionStatus } from "@sallyport/server";
import { hostKey } from "@sallyport/protocol";
import type { LoginThrottle } from "@sallyport/server/accounts";
import type { ServiceEvent } from "../log/service-event.ts";
import type { Serving } from "../serving.ts";

/** What an administrator may see of a running service and do to it, however many processes serve. */
export interface ServedConnections {
  /** Every control connection with what it does at the moment. */
  list(): Promise<readonly ConnectionStatus[]>;
  /**
   * Says 421 with a text to the connections that are meant and closes them; a running transfer is ended, and an upload
   * is not published. Resolves with how many there were.
   */
  disconnect(selector: ConnectionSelector, text: string): Promise<number>;
  /** Bans an address as long as wrong passwords would; resolves with until when, in milliseconds since 1970. */
  ban(remoteAddress: string): Promise<number>;
  /** Ends the ban of an address and forgets its wrong passwords; says whether it was banned. */
  forgive(remoteAddress: string): Promise<boolean>;
}

/** The connections of a service and the bans that hold for all of it; what is done to bans is logged. */
export function servedBy(
  serving: Pick<Serving, "connections" | "disconnect">,
  throttle: Pick<LoginThrottle, "ban" | "forgive">,
  tell: (event: ServiceEvent) => void,
): ServedConnections {
  return {
    list: () => serving.connections(),
    disconnect: (selector, text) => serving.disconnect(selector, text, "closed by the administrator"),
    ban: async (remoteAddress) => {
      const untilMs = throttle.ban(remoteAddress);
      const facts = { remoteAddress, host: hostKey(remoteAddress), until: new Date(untilMs) };
      tell({ kind: "address-banned", atMs: Date.now(), ...facts, cause: "by the administrator" });
      return untilMs;
    },
    forgive: async (remoteAddress) => {
      const wasBanned = throttle.forgive(remoteAddress);
      tell({ kind: "address-forgiven", atMs: Date.now(), remoteAddress, host: hostKey(remoteAddress), wasBanned });
      return wasBanned;
    },
  };
}
