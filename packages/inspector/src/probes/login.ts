import { codeOf, type Answer, type ConnectFailure, type ProbeConnection } from "./control.ts";
import { isComplete, passivePort, probeListing, type DataFacts, type DataProtection } from "./data.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { secureConnection, type LoginPlace } from "./secure-connection.ts";
import type { Secured } from "./secured.ts";

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
  /** PORT with the address of a documentation network (RFC 5737), where nobody is; no transfer follows. */
  /** AUTH TLS by somebody who is logged in. */
  readonly secondAuth: Answer;
  readonly foreignPort: Answer;
  /** PORT with a port below 1024 of our own address. */
  readonly lowPort: Answer;
  /** A full handshake, with no ticket. */
  readonly fresh: DataFacts | undefined;
  /** With a ticket of this control connection. */
  readonly resumed: DataFacts | undefined;
  /** A full handshake once more, now that this client has shown that it can resume; only where the first was taken. */
  readonly freshAgain: DataFacts | undefined;
  /** With a ticket of another login; undefined where there was none to take. */
  readonly foreign: DataFacts | undefined;
  /** PROT C, and what came of a listing where it was taken. */
  readonly protClear: Answer | undefined;
  readonly clear: DataFacts | undefined;
  /** Whether the server ended the control connection with close_notify, after QUIT. */
  readonly controlCloseNotify: boolean | undefined;
}

/** Why nobody logged in: the reply that said no, or a server that is not given the password. */
export type LoginRefused =
  | { readonly kind: "refused-login"; readonly answer: Answer }
  | { readonly kind: "untrusted"; readonly problem: string };

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
  const foreignPort = await connection.command("PORT 192,0,2,1,200,10");
  const lowPort = await connection.command(`PORT ${ownAddress(connection)},0,22`);
  const secondAuth = await connection.command("AUTH TLS");
  const asked = { ...place, secondAuth, control, login, features, system, passive, passivePorts, foreignPort, lowPort };
  const fresh = await visitor.listing(() => ({ kind: "tls" }));
  const resumed = await visitor.listing(({ control: { tickets } }) => ({ kind: "tls", ticket: tickets.at(-1) }));
  const isFreshTaken = fresh !== undefined && isComplete(fresh);
  const freshAgain = isFreshTaken ? await visitor.listing(() => ({ kind: "tls" })) : undefined;
  const foreign = await probeForeign(server, place, visitor);
  const protClear = await visitor.command("PROT C");
  const clear = codeOf(protClear) === 200 ? await visitor.listing(() => ({ kind: "clear" })) : undefined;
  const controlCloseNotify = await visitor.leave();
  return { ...asked, fresh, resumed, freshAgain, foreign, protClear, clear, controlCloseNotify };
}

/** Somebody who is logged in, and logs in anew where the server ends the control connection, as vsftpd does at 522. */
class Visitor implements AsyncDisposable {
  readonly #server: InspectedServer;
  readonly #place: LoginPlace;
  #current: LoggedIn | undefined;
  /** A listing failed: the control connection may be about to end. */
  #isDoubtful = false;

  constructor(server: InspectedServer, place: LoginPlace) {
    this.#server = server;
    this.#place = place;
  }

  async ready(): Promise<LoggedIn | LoginRefused | ConnectFailure> {
    if (this.#current !== undefined && (await this.#isAlive(this.#current))) return this.#current;
    await this.#current?.connection[Symbol.asyncDispose]();
    const entered = await logIn(this.#server, this.#place);
    if (!("kind" in entered)) this.#current = entered;
    return entered;
  }

  /** A listing whose protection may depend on the control connection; undefined where nobody is let in any more. */
  async listing(protectedBy: (entered: LoggedIn) => DataProtection): Promise<DataFacts | undefined> {
    const entered = await this.ready();
    if ("kind" in entered) return undefined;
    const listed = await probeListing(entered.connection, protectedBy(entered));
    this.#isDoubtful = !isComplete(listed);
    return listed;
  }

  async command(line: string): Promise<Answer | undefined> {
    const entered = await this.ready();
    return "kind" in entered ? undefined : entered.connection.command(line);
  }

  /** Says QUIT; whether the server ended TLS with close_notify. */
  async leave(): Promise<boolean | undefined> {
    const entered = await this.ready();
    if ("kind" in entered) return undefined;
    await entered.connection.command("QUIT");
    return entered.connection.closeNotify();
  }

  async #isAlive({ connection }: LoggedIn): Promise<boolean> {
    if (this.#isDoubtful) await connection.command("NOOP");
    this.#isDoubtful = false;
    return !connection.isOver;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.connection[Symbol.asyncDispose]();
  }
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

interface LoggedIn {
  readonly connection: ProbeConnection;
  readonly control: Secured;
  readonly login: Answer;
}

/** Logs in inside TLS; a server that cannot prove who it is does not get the password, unless that is wished. */
async function logIn(
  server: InspectedServer,
  { mode, port }: LoginPlace,
  { protect = true }: { readonly protect?: boolean } = {},
): Promise<LoggedIn | LoginRefused | ConnectFailure> {
  const secured = await secureConnection(server, mode, port);
  if ("kind" in secured) return secured;
  const { connection, control } = secured;
  if (control.problem !== undefined && !server.insecure) {
    await connection[Symbol.asyncDispose]();
    return { kind: "untrusted", problem: control.problem };
  }
  const { user, password } = server.credentials ?? { user: "anonymous", password: "sallyport-inspect@" };
  const named = await connection.command(`USER ${user}`);
  const login = codeOf(named) === 331 ? await connection.command(`PASS ${password}`) : named;
  if (codeOf(login) !== 230 && codeOf(login) !== 232) {
    await connection[Symbol.asyncDispose]();
    return { kind: "refused-login", answer: login };
  }
  if (protect) {
    await connection.command("PBSZ 0");
    await connection.command("PROT P");
  }
  return { ...secured, login };
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

const portsCount = 6;

async function severalPorts(connection: ProbeConnection): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let count = 0; count < portsCount; count++) {
    const extended = await connection.command("EPSV");
    const port = passivePort(codeOf(extended) === 229 ? extended : await connection.command("PASV"));
    if (port !== undefined) ports.push(port);
  }
  return ports;
}

/** Our own IPv4 address as PORT wants it. */
function ownAddress({ localAddress }: ProbeConnection): string {
  const ipv4 = /(\d+\.\d+\.\d+\.\d+)$/.exec(localAddress ?? "")?.[1] ?? "127.0.0.1";
  return ipv4.replaceAll(".", ",");
}

/** What a stranger is told who calls himself anonymous, inside TLS (RFC 1635). */
export async function probeAnonymous(
  server: InspectedServer,
  { mode, port }: LoginPlace,
): Promise<{ readonly mode: LoginPlace["mode"]; readonly login: Answer } | ConnectFailure> {
  const opened = await secureConnection(server, mode, port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  const named = await connection.command("USER anonymous");
  const login = codeOf(named) === 331 ? await connection.command("PASS sallyport-inspect@") : named;
  return { mode, login };
}
