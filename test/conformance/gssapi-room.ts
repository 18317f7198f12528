import { gssapiMechanism } from "@sallyport/gssapi";
import {
  type Kdc,
  kdcNeeds,
  type MockMechanism,
  mockMechanism,
  type MockMechanismOptions,
  startKdc,
  startTestServer,
  testAccount,
  type TestServer,
  type TestServerOptions,
} from "@sallyport/testing";
import type { Account, Authenticator } from "@sallyport/server/accounts";
import type { SecurityMechanism } from "@sallyport/transport";

/** A server with AUTH GSSAPI, and the mechanism of a client called alice. */
export interface GssapiRoom extends AsyncDisposable {
  readonly server: TestServer;
  readonly client: SecurityMechanism;
  /** The server's mechanism dies: its process is killed, or as if it were. */
  die(): void;
}

/** A room with the mock on both sides. */
export interface MockRoom extends GssapiRoom {
  readonly mechanism: MockMechanism;
}

/** Which mechanism a room has, and what the machine needs for it. */
export const rooms = [
  { name: "mock", needs: [], open: (options?: TestServerOptions): Promise<GssapiRoom> => mockRoom(options) },
  { name: "Kerberos", needs: kdcNeeds, open: kerberosRoom },
] as const;

export async function mockRoom(options: TestServerOptions = {}, how: MockMechanismOptions = {}): Promise<MockRoom> {
  const mechanism = mockMechanism(how);
  const server = await serverWith(mechanism, options);
  return {
    server,
    client: mechanism,
    mechanism,
    die: () => mechanism.die(),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await mechanism[Symbol.asyncDispose]();
    },
  };
}

async function kerberosRoom(options: TestServerOptions = {}): Promise<GssapiRoom> {
  await using undo = new AsyncDisposableStack();
  const kdc: Kdc = undo.use(await startKdc());
  const { environment } = kdc;
  const tickets = await kdc.tickets("alice");
  const client = undo.use(gssapiMechanism({ environment: { ...environment, KRB5CCNAME: tickets } }));
  const mechanism = undo.use(gssapiMechanism({ environment }));
  const server = undo.use(await serverWith(mechanism, options));
  const moved = undo.move();
  return {
    server,
    client,
    die: () => mechanism.processIds.forEach((id) => process.kill(id, "SIGKILL")),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

function serverWith(
  mechanism: SecurityMechanism,
  { gssapi, account = {}, ...options }: TestServerOptions,
): Promise<TestServer> {
  return startTestServer({
    authenticator: kerberosAuthenticator(account),
    ...options,
    gssapi: { mechanism, suffices: true, ...gssapi },
  });
}

/** Knows `alice` and `bob` by their principals and by the password `secret`. */
function kerberosAuthenticator(changes: Partial<Account>): Authenticator {
  const accountOf = (user: string): Account => ({ ...testAccount(user), ...changes, name: user });
  const exists = (user: string): boolean => user === "alice" || user === "bob";
  return {
    identify: async (user, { principal }) =>
      principal?.accountNames.includes(user) === true && exists(user) ? accountOf(user) : undefined,
    authenticate: async (user, password) =>
      exists(user) && password === "secret" ? { kind: "accepted", account: accountOf(user) } : { kind: "refused" },
  };
}
