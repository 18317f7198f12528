import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Where the keys of servers are kept that were trusted when first met. */
export function knownServersPath(): string {
  return join(configurationDirectory(), "known-servers");
}

/** Where bookmarks are kept. */
export function bookmarksPath(): string {
  return join(configurationDirectory(), "bookmarks.json");
}

/** Where it is kept which servers offered TLS. */
export function hostsPath(): string {
  return join(configurationDirectory(), "hosts.json");
}

/** Where it is kept what was found out about servers. */
export function profilesPath(): string {
  return join(configurationDirectory(), "servers.json");
}

/** Where the journals of mirrors are kept; by the XDG Base Directory Specification what can be missed is state. */
export function journalsPath(): string {
  const { XDG_STATE_HOME: base } = process.env;
  const states = base !== undefined && isAbsolute(base) ? base : join(homedir(), ".local/state");
  return join(states, "sallyport/mirrors");
}

/** `sallyport` in the XDG configuration directory (XDG Base Directory Specification 0.8), `~/.config` by default. */
function configurationDirectory(): string {
  const { XDG_CONFIG_HOME: base } = process.env;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".config"), "sallyport");
}
