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

/** Where the journals of mirrors are kept. */
export function journalsPath(): string {
  return join(stateDirectory(), "mirrors");
}

/** Where it is kept what was typed into the shell. */
export function historyPath(): string {
  return join(stateDirectory(), "history");
}

/** `sallyport` in the XDG state directory, `~/.local/state` by default: by that specification what can be missed is state. */
function stateDirectory(): string {
  const { XDG_STATE_HOME: base } = process.env;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".local/state"), "sallyport");
}

/** `sallyport` in the XDG configuration directory (XDG Base Directory Specification 0.8), `~/.config` by default. */
function configurationDirectory(): string {
  const { XDG_CONFIG_HOME: base } = process.env;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".config"), "sallyport");
}
