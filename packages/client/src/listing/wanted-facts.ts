import type { Octets } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { unlessRefused } from "../operations/refusal.ts";

/**
 * Switches on the facts that entries are made of, where the server offers them and leaves them out unasked (RFC 3659
 * §7.9): FEAT marks those that come with a `*`. Asked once on each control connection; what is refused stays as it was.
 */
export async function wantFacts(connection: ClientConnection, options: RequestOptions): Promise<void> {
  if (asked.has(connection)) return;
  asked.add(connection);
  const offered = (connection.features.get("MLST") ?? "").split(";").filter((fact) => fact !== "");
  const isWanted = (fact: string): boolean => wanted.has(fact.toLowerCase());
  if (!offered.some(isWanted)) return;
  const facts = offered.filter((fact) => fact.endsWith("*") || isWanted(fact)).map((fact) => fact.replace("*", ""));
  await unlessRefused(connection.command("OPTS", `MLST ${facts.join(";")};` as Octets, options));
}

const asked = new WeakSet<ClientConnection>();

/** Without a `*` behind, as FEAT has those that are off. */
const wanted: ReadonlySet<string> = new Set(
  "type size modify unique unix.mode unix.owner unix.group unix.ownername unix.groupname".split(" "),
);
