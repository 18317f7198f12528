import type { Octets } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { directoryCommand } from "./directory-command.ts";
import { unlessRefused } from "./refusal.ts";

/** Where a control connection's login began, as PWD says; asked once, undefined where the server does not say. */
export async function workingDirectory(
  connection: ClientConnection,
  options: RequestOptions,
): Promise<Octets | undefined> {
  const known = startingPoints.get(connection);
  if (known !== undefined) return known.path;
  const path = await toldPath(connection, options);
  const inSlashes = path === undefined || path.startsWith("/") ? path : await inUnixNames(connection, path, options);
  startingPoints.set(connection, { path: inSlashes });
  return inSlashes;
}

async function toldPath(connection: ClientConnection, options: RequestOptions): Promise<Octets | undefined> {
  const reply = await unlessRefused(directoryCommand(connection, "PWD", undefined, options));
  return parseQuotedPath(reply?.lines.at(-1) ?? "");
}

/** OS/400 names a library without a slash until it is asked for the names of its other file systems (SITE NAMEFMT 1). */
async function inUnixNames(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
): Promise<Octets | undefined> {
  const system = await unlessRefused(connection.command("SYST", undefined, options));
  if (!/\bOS\/400\b/.test(system?.lines.at(-1) ?? "")) return path;
  const changed = await unlessRefused(connection.command("SITE", "NAMEFMT 1" as Octets, options));
  return changed === undefined ? path : toldPath(connection, options);
}

/**
 * Reads the path of a 257 reply: between the first quote and the one that is not doubled (RFC 959 appendix II). A path
 * with control characters is nothing that may be sent back.
 */
export function parseQuotedPath(text: string): Octets | undefined {
  const quoted = /"((?:[^"]|"")*)(?:"|$)/.exec(text)?.[1]?.replaceAll('""', '"');
  const path = quoted ?? /^\S+/.exec(text)?.[0];
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return path === undefined || path === "" || /[\u0000-\u001F\u007F]/.test(path) ? undefined : (path as Octets);
}

const startingPoints = new WeakMap<ClientConnection, { readonly path: Octets | undefined }>();
