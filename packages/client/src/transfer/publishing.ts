import type { Octets } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { unlessRefused } from "../operations/refusal.ts";

/**
 * Whether the server shows nobody an upload before it is whole, as far as {@link learnPublishing} has found out; then a
 * temporary name is of no use.
 */
export function publishesWhole({ known }: Pick<ClientConnection, "known">): boolean {
  return known.fact("publishesWhole") === true;
}

/**
 * Finds out whether uploads appear whole, once for each server: Sallyport's do, and CSID says that it is that. Its greeting
 * does not, and could have come from anybody in the clear (S-02). Servers without CSID are not asked.
 */
export async function learnPublishing(connection: ClientConnection, options: RequestOptions): Promise<void> {
  const { known, features } = connection;
  if (!features.has("CSID") || known.fact("publishesWhole") !== undefined) return;
  const reply = await unlessRefused(connection.command("CSID", "Name=Sallyport;" as Octets, options));
  const said = reply?.lines.join(" ") ?? "";
  const { name, version } = /\bName=(?<name>[^;]*);(?:.*\bVersion=(?<version>[^;]*);)?/i.exec(said)?.groups ?? {};
  if (name !== undefined) known.learn("product", version === undefined ? name : `${name} ${version}`, said);
  known.learn("publishesWhole", name === "Sallyport", said);
}
