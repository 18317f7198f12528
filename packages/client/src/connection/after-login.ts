import { utf8Names } from "../names/name-codec.ts";
import { raw } from "../operations/raw.ts";
import { unlessRefused } from "../operations/refusal.ts";
import type { ClientConnection } from "./client-connection.ts";

/**
 * Says on a new control connection what has to be said once: what this kind of server needs, then the lines of the
 * caller, in order. A line that is refused closes the connection and rejects as the command does.
 */
export async function afterLogin(
  connection: ClientConnection,
  lines: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const ofProduct = productLines[connection.known.fact("product") ?? ""] ?? [];
  if (ofProduct.length === 0 && lines.length === 0) return;
  const options = { names: utf8Names, signal };
  try {
    // oxlint-disable-next-line no-await-in-loop -- each may need the one before it
    for (const line of ofProduct) await unlessRefused(raw(connection, line, options));
    // oxlint-disable-next-line no-await-in-loop
    for (const line of lines) await raw(connection, line, options);
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** IBM i names files its own way, `LIBRARY/FILE.MEMBER`, until it is asked for paths with slashes. */
const productLines: Readonly<Record<string, readonly string[]>> = { "IBM i": ["SITE NAMEFMT 1"] };
