import type { Octets } from "@sallyport/protocol";
import type { ClientConnection, RequestOptions } from "../connection/client-connection.ts";
import { unlessRefused } from "./refusal.ts";

/** Where a control connection's login began, as PWD says; asked once, undefined where the server does not say. */
export async function workingDirectory(
  connection: ClientConnection,
  options: RequestOptions,
): Promise<Octets | undefined> {
  const known = startingPoints.get(connection);
  if (known !== undefined) return known.path;
  const reply = await unlessRefused(connection.command("PWD", undefined, options));
  const path = parseQuotedPath(reply?.lines.at(-1) ?? "");
  startingPoints.set(connection, { path });
  return path;
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
