import { constants } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { ConnectFailure } from "./control.ts";
import type { DataFacts } from "./data.ts";
import type { InspectedServer } from "./inspected-server.ts";
import type { LoginPlace } from "./secure-connection.ts";
import { Visitor, type LoginRefused } from "./visitor.ts";

/** Whether data connections resume in TLS 1.2 (RFC 5246 §7.3, RFC 5077). */
export interface OlderResumptionFacts extends LoginPlace {
  /** Of the control connection, which says whether TLS 1.2 was agreed on. */
  readonly protocol: string;
  /** Asked for only where connections do not count. */
  readonly ticket: DataFacts | undefined;
  /** By the ID of the control connection's session, for clients without tickets. */
  readonly id: DataFacts | undefined;
}

export async function probeOlderResumption(
  server: InspectedServer,
  place: LoginPlace,
): Promise<OlderResumptionFacts | LoginRefused | ConnectFailure> {
  const id = await listingOf(server, place, constants.SSL_OP_NO_TICKET);
  if ("kind" in id) return id;
  const ticket = server.isDeep ? await listingOf(server, place, 0) : undefined;
  const byTicket = ticket === undefined || "kind" in ticket ? undefined : ticket.data;
  return { ...place, protocol: id.protocol, id: id.data, ticket: byTicket };
}

async function listingOf(server: InspectedServer, place: LoginPlace, secureOptions: number) {
  const ca = [...server.authorities];
  const context = createSecureContext({ ca, maxVersion: "TLSv1.2", secureOptions });
  await using visitor = new Visitor({ ...server, context }, place);
  const entered = await visitor.ready();
  if ("kind" in entered) return entered;
  const data = await visitor.listing(({ control: { tickets } }) => ({ kind: "tls", ticket: tickets.at(-1) }));
  return { protocol: entered.control.protocol, data };
}
