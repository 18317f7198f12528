import { codeOf, type Answer, type ConnectFailure, type ProbeConnection } from "./control.ts";
import { isComplete, probeRetrieval, type DataFacts, type DataProtection } from "./data.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { secureConnection, type LoginPlace } from "./secure-connection.ts";
import type { Secured } from "./secured.ts";

/** Somebody who is logged in, and logs in anew where the server ends the control connection, as vsftpd does at 522. */
export class Visitor implements AsyncDisposable {
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
    return this.retrieval("LIST", protectedBy);
  }

  async retrieval(command: string, protectedBy: (entered: LoggedIn) => DataProtection): Promise<DataFacts | undefined> {
    const entered = await this.ready();
    if ("kind" in entered) return undefined;
    const listed = await probeRetrieval(entered.connection, command, protectedBy(entered));
    this.#isDoubtful = !isComplete(listed);
    return listed;
  }

  /** Does on the control connection what may end it; undefined where nobody is let in any more. */
  async trying<Value>(attempt: (entered: LoggedIn) => Promise<Value>): Promise<Value | undefined> {
    const entered = await this.ready();
    if ("kind" in entered) return undefined;
    this.#isDoubtful = true;
    return attempt(entered);
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

/** Why nobody logged in: the reply that said no, or a server that is not given the password. */
export type LoginRefused =
  | { readonly kind: "refused-login"; readonly answer: Answer }
  | { readonly kind: "untrusted"; readonly problem: string };

export interface LoggedIn {
  readonly connection: ProbeConnection;
  readonly control: Secured;
  readonly login: Answer;
}

/** Logs in inside TLS; a server that cannot prove who it is does not get the password, unless that is wished. */
export async function logIn(
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
