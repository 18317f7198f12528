import { codeOf, type Answer, type ConnectFailure, type ProbeConnection } from "./control.ts";
import { isComplete, passivePort, probeListing, type DataFacts } from "./data.ts";
import { probeBounce, type BounceFacts } from "./bounce.ts";
import { probeConduct, probeExtendedAll, type ConductFacts, type ExtendedAllFacts } from "./conduct.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { secureConnection, type LoginPlace } from "./secure-connection.ts";
import type { Secured } from "./secured.ts";
import { probeMakingFolder } from "./writing.ts";
import { logIn, Visitor, type LoginRefused } from "./visitor.ts";

/** What a login shows: the data connection from all sides. */
export interface LoginFacts extends LoginPlace {
  readonly control: Secured;
  /** Reply to PASS, or to USER where that is enough. */
  readonly login: Answer;
  readonly features: Answer;
  readonly system: Answer;
  /** PASV, for the address that it tells. */
  readonly passive: Answer;
  /** Ports of several EPSV or PASV, in the order in which they were given. */
  readonly passivePorts: readonly number[];
  /** AUTH TLS by somebody who is logged in. */
  readonly secondAuth: Answer;
  readonly bounce: BounceFacts;
  /** A full handshake, with no ticket. */
  readonly fresh: DataFacts | undefined;
  /** With a ticket of this control connection. */
  readonly resumed: DataFacts | undefined;
  /** With that ticket a second time. */
  readonly resumedAgain: DataFacts | undefined;
  /** A full handshake once more, now that this client has shown that it can resume; only where the first was taken. */
  readonly freshAgain: DataFacts | undefined;
  /** With a ticket of another login; undefined where there was none to take. */
  readonly foreign: DataFacts | undefined;
  /** PROT C, and what came of a listing where it was taken. */
  readonly protClear: Answer | undefined;
  readonly clear: DataFacts | undefined;
  readonly conduct: ConductFacts;
  readonly extendedAll: ExtendedAllFacts | undefined;
  /** Whether the server ended the control connection with close_notify, after QUIT. */
  readonly controlCloseNotify: boolean | undefined;
}

export async function probeLogin(
  server: InspectedServer,
  place: LoginPlace,
): Promise<LoginFacts | LoginRefused | ConnectFailure> {
  await using visitor = new Visitor(server, place);
  const first = await visitor.ready();
  if ("kind" in first) return first;
  const { connection, control, login } = first;
  const features = await connection.command("FEAT");
  const system = await connection.command("SYST");
  const passive = await connection.command("PASV");
  const passivePorts = await severalPorts(connection);
  const secondAuth = await connection.command("AUTH TLS");
  const bounce = await probeBounce(connection);
  const asked = { ...place, secondAuth, control, login, features, system, passive, passivePorts, bounce };
  const fresh = await visitor.listing(() => ({ kind: "tls" }));
  let used: Buffer | undefined;
  const resumed = await visitor.listing(({ control: { tickets } }) => ({
    kind: "tls",
    ticket: (used = tickets.at(-1)),
  }));
  const doesResume = resumed?.secured?.resumed === true;
  const resumedAgain = doesResume ? await visitor.listing(() => ({ kind: "tls", ticket: used })) : undefined;
  const isFreshTaken = fresh !== undefined && isComplete(fresh);
  const freshAgain = isFreshTaken ? await visitor.listing(() => ({ kind: "tls" })) : undefined;
  const foreign = await probeForeign(server, place, visitor);
  const protClear = await visitor.command("PROT C");
  const clear = codeOf(protClear) === 200 ? await visitor.listing(() => ({ kind: "clear" })) : undefined;
  await visitor.command("PROT P");
  const conduct = await probeConduct(visitor);
  const extendedAll = await probeExtendedAll(visitor);
  const controlCloseNotify = await visitor.leave();
  return {
    ...asked,
    conduct,
    extendedAll,
    fresh,
    resumed,
    resumedAgain,
    freshAgain,
    foreign,
    protClear,
    clear,
    controlCloseNotify,
  };
}

/** A listing in implicit mode by somebody who sent neither PBSZ nor PROT (M5). */
export async function probeImplicitDefault(
  server: InspectedServer,
  port: number,
): Promise<DataFacts | LoginRefused | ConnectFailure> {
  const first = await logIn(server, { mode: "implicit", port }, { protect: false });
  if ("kind" in first) return first;
  await using connection = first.connection;
  return await probeListing(connection, { kind: "as-the-server-wants" });
}

/** The data connection of one login, opened with the ticket of another (S-08). */
async function probeForeign(
  server: InspectedServer,
  place: LoginPlace,
  visitor: Visitor,
): Promise<DataFacts | undefined> {
  const other = await logIn(server, place);
  if ("kind" in other) return undefined;
  await using stranger = other.connection;
  // Tickets that follow a reply have been read with the reply to this.
  await stranger.command("NOOP");
  const ticket = other.control.tickets.at(-1);
  return ticket === undefined ? undefined : await visitor.listing(() => ({ kind: "tls", ticket }));
}

const portsCount = 8;

async function severalPorts(connection: ProbeConnection): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let count = 0; count < portsCount; count++) {
    const extended = await connection.command("EPSV");
    const port = passivePort(codeOf(extended) === 229 ? extended : await connection.command("PASV"));
    if (port !== undefined) ports.push(port);
  }
  return ports;
}

export interface AnonymousFacts {
  readonly mode: LoginPlace["mode"];
  readonly login: Answer;
  /** Reply to MKD; undefined where nothing may be written, or nobody is let in. */
  readonly folder: Answer | undefined;
}

/** What a stranger is told who calls himself anonymous, inside TLS (RFC 1635). */
export async function probeAnonymous(
  server: InspectedServer,
  { mode, port }: LoginPlace,
): Promise<AnonymousFacts | ConnectFailure> {
  const opened = await secureConnection(server, mode, port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  const named = await connection.command("USER anonymous");
  const login = codeOf(named) === 331 ? await connection.command("PASS sallyport-inspect@") : named;
  const isLetIn = codeOf(login) === 230;
  const folder = isLetIn && server.isWritingAllowed ? await probeMakingFolder({ connection }) : undefined;
  return { mode, login, folder };
}
