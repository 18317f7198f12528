import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { codeOf, type Answer, type ConnectFailure } from "./control.ts";
import { dataTls, openData, passiveReply, probeRetrieval, type DataFacts } from "./data.ts";
import type { InspectedServer } from "./inspected-server.ts";
import type { LoginPlace } from "./secure-connection.ts";
import { Visitor, type LoggedIn, type LoginRefused } from "./visitor.ts";

/** What uploads show; everything that is made is removed again. */
export interface WritingFacts extends LoginPlace {
  /** Reply to an upload over TLS that ended without close_notify, as one that was cut on the way. */
  readonly cut: Answer | undefined;
  /** SIZE of what such an upload left behind. */
  readonly cutSize: Answer | undefined;
  /** An upload of no octet, and its download. */
  readonly empty: { readonly stored: Answer; readonly retrieved: DataFacts } | undefined;
  /** Replies to DELE. */
  readonly removed: readonly Answer[];
}

const cutBytes = 4096;

export async function probeWriting(
  server: InspectedServer,
  place: LoginPlace,
): Promise<WritingFacts | LoginRefused | ConnectFailure> {
  await using visitor = new Visitor(server, place);
  const first = await visitor.ready();
  if ("kind" in first) return first;
  const cutName = temporaryName();
  const emptyName = temporaryName();
  await visitor.command("TYPE I");
  const cut = await visitor.trying((entered) =>
    store(entered, cutName, { octets: Buffer.alloc(cutBytes, "x"), isCut: true }),
  );
  const cutSize = await visitor.command(`SIZE ${cutName}`);
  const empty = await visitor.trying(async (entered) => ({
    stored: await store(entered, emptyName, { octets: Buffer.alloc(0), isCut: false }),
    retrieved: await probeRetrieval(entered.connection, `RETR ${emptyName}`, {
      kind: "tls",
      ticket: entered.control.tickets.at(-1),
    }),
  }));
  const removed: Answer[] = [];
  for (const name of [cutName, emptyName]) {
    const answer = await visitor.command(`DELE ${name}`);
    if (answer !== undefined) removed.push(answer);
  }
  return { ...place, cut, cutSize, empty, removed };
}

/** Makes a folder as anonymous and removes it; the reply to MKD. */
export async function probeMakingFolder({ connection }: Pick<LoggedIn, "connection">): Promise<Answer> {
  const name = temporaryName();
  const made = await connection.command(`MKD ${name}`);
  if (codeOf(made) === 257) await connection.command(`RMD ${name}`);
  return made;
}

/** A name that nobody has, and that tells where it is from should it stay. */
function temporaryName(): string {
  return `sallyport-inspect-${randomBytes(6).toString("hex")}.tmp`;
}

async function store(
  { connection, control }: LoggedIn,
  name: string,
  { octets, isCut }: { readonly octets: Buffer; readonly isCut: boolean },
): Promise<Answer> {
  const { timeoutMs } = connection.server;
  const wire = await openData(connection, await passiveReply(connection));
  if (wire === undefined) return { kind: "closed" };
  connection.send(`STOR ${name}`);
  const preliminary = await connection.anyReply();
  if (codeOf(preliminary) >= 200 || codeOf(preliminary) === 0) return preliminary;
  const { socket } = dataTls(connection.server, wire, control.tickets.at(-1));
  socket.resume();
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(timeoutMs) });
    if (octets.length > 0) await new Promise((resolve) => socket.write(octets, resolve));
    // The FIN of the wire alone, below TLS, is what somebody on the way would send.
    if (isCut) wire.tap.end();
    else socket.end();
    return await connection.reply();
  } catch {
    return await connection.reply(0);
  } finally {
    wire.tap.destroy();
  }
}
