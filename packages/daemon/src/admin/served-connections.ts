import type { ConnectionSelector, ConnectionStatus, FtpServer } from "@sallyport/server";
import type { LoginThrottle } from "@sallyport/server/accounts";

/** What an administrator may see of a running service and do to it, however many processes serve. */
export interface ServedConnections {
  /** Every control connection with what it does at the moment, oldest first. */
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

/** The connections of one server in this process. */
export function servedBy(server: FtpServer, throttle: LoginThrottle): ServedConnections {
  return {
    list: async () => server.connections(),
    disconnect: async (selector, text) => server.disconnect(selector, text),
    ban: async (remoteAddress) => throttle.ban(remoteAddress),
    forgive: async (remoteAddress) => throttle.forgive(remoteAddress),
  };
}
