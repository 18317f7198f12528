import type { Octets } from "@sallyport/protocol";
import type { ByteSource } from "@sallyport/transport";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import type { Mover } from "../connection/data-task.ts";
import { unlessRefused } from "../operations/refusal.ts";
import { listedFacts } from "../operations/stat.ts";

/**
 * Whether the server shows nobody an upload before it is whole, as far as {@link learnPublishing} has found out; then a
 * temporary name is of no use.
 */
export function publishesWhole({ known }: Pick<ClientConnection, "known">): boolean {
  return known.fact("publishesWhole") === true;
}

/**
 * Ends an upload of which the server has every octet, but maybe not the end: one that publishes uploads whole keeps what
 * broke off apart, and answers SIZE for it. What is published may be read or renamed; half a file may not (the fact perm,
 * RFC 3659 §7.5.5).
 */
export async function endUpload(
  connection: ClientConnection,
  remote: Octets,
  sizeBytes: number,
  options: RequestOptions,
): Promise<void> {
  await learnPublishing(connection, options);
  if (!publishesWhole(connection)) return;
  const { permissions } = (await listedFacts(connection, remote, options)) ?? {};
  if (permissions !== undefined && /[fr]/.test(permissions)) return;
  const order = { verb: "STOR", argument: remote, type: "I", restartOffset: BigInt(sizeBytes) } as const;
  const nothing: Mover = async (data, moving) => ({
    bytes: await data.sendFrom(empty, 0, undefined, moving),
    isWhole: true,
  });
  await connection.transfer(order, nothing, { ...options, sizeBytes: 0 });
}

const empty: ByteSource = { sizeBytes: 0, read: () => 0 };

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
