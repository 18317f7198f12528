import { type Octets, octetsFromText, rootPath } from "@sallyport/protocol";
import { FtpServer, type FtpServerOptions, type ListenerOptions, type ServerEvent } from "@sallyport/server";
import type { Account, Authenticator } from "@sallyport/server/accounts";
import { LocalDirectory } from "@sallyport/server/storage";
import { ServerTlsProfile, type ServerTlsOptions } from "@sallyport/transport";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeTestIdentity, type TestIdentity } from "./certificates.ts";
import { FtpDriver } from "./ftp-driver.ts";

export interface TestServerOptions extends Partial<Omit<FtpServerOptions, "listeners" | "tls">> {
  /** Changes to both listeners. */
  readonly listener?: Partial<ListenerOptions>;
  /** Changes to the account `alice`, whose password is `secret`. */
  readonly account?: Partial<Account>;
  readonly tls?: Partial<ServerTlsOptions>;
  readonly address?: string;
}

/** A server of ours in this process, in both TLS modes on ports of the system's choice. */
export interface TestServer extends AsyncDisposable {
  readonly explicitPort: number;
  readonly implicitPort: number;
  readonly identity: TestIdentity;
  /** The directory that it serves. */
  readonly directory: string;
  readonly server: FtpServer;
  /** Everything that it told, oldest first. */
  readonly events: ServerEvent[];
  /** A new connection to the explicit port, greeting read. */
  greeted(): Promise<FtpDriver>;
  /** The same under TLS, logged in, with PROT P and in TYPE I. */
  loggedIn(user?: string): Promise<FtpDriver>;
  /** Waits for an event of a kind, also one that was told already. */
  event<K extends ServerEvent["kind"]>(kind: K, timeoutMs?: number): Promise<Extract<ServerEvent, { kind: K }>>;
}

/** Starts a server with the accounts `alice` and `bob`, password `secret`, over an empty directory on disk. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { listener, account, tls, address = "127.0.0.1", ...rest } = options;
  const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1", "::1"] });
  const directory = await mkdtemp(join(tmpdir(), "sallyport-test-"));
  const events: ServerEvent[] = [];
  const { observer } = rest;
  const storage = rest.storage ?? (await LocalDirectory.open(directory));
  const server = new FtpServer({
    authenticator: testAuthenticator(account ?? {}),
    ...rest,
    storage,
    listeners: (["explicit", "implicit"] as const).map((tlsMode) => ({ tlsMode, address, port: 0, ...listener })),
    tls: await ServerTlsProfile.create({
      identities: [{ certificate: identity.certificate, key: identity.key }],
      ...tls,
    }),
    observer: {
      transcript: observer?.transcript ?? false,
      ...(observer?.uploadDigest && { uploadDigest: observer.uploadDigest }),
      onEvent: (event) => {
        events.push(event);
        observer?.onEvent(event);
      },
    },
  });
  const [explicit, implicit] = await server.listen();
  if (explicit === undefined || implicit === undefined) throw new Error("two listeners were asked for");
  return {
    explicitPort: explicit.port,
    implicitPort: implicit.port,
    identity,
    directory,
    server,
    events,
    greeted: () => greetedBy(explicit, address),
    loggedIn: async (user) => {
      const driver = await greetedBy(explicit, address);
      await driver.logIn(user);
      await driver.expect("TYPE I", 200);
      return driver;
    },
    event: (kind, timeoutMs = 5000) => waitForEvent(events, kind, timeoutMs),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function greetedBy({ port }: { readonly port: number }, host: string): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(port, { host });
  await driver.reply();
  return driver;
}

/** Knows `alice` and `bob` by the password `secret`. */
export function testAuthenticator(changes: Partial<Account>): Authenticator {
  return {
    authenticate: async (user, password) => {
      if ((user !== "alice" && user !== "bob") || password !== "secret") return { kind: "refused" };
      return { kind: "accepted", account: { ...testAccount(user), ...changes, name: user } };
    },
  };
}

export function testAccount(name: string): Account {
  return { name, home: rootPath, permissions: [], readOnly: false, anonymous: false };
}

/** UTF-8 octets of a name, as they stand on the wire. */
export function wireName(text: string): Octets {
  return octetsFromText(text);
}

async function waitForEvent<K extends ServerEvent["kind"]>(
  events: readonly ServerEvent[],
  kind: K,
  timeoutMs: number,
): Promise<Extract<ServerEvent, { kind: K }>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = events.find((event) => event.kind === kind);
    if (found !== undefined) return found as Extract<ServerEvent, { kind: K }>;
    if (Date.now() > deadline) throw new Error(`no ${kind} event in ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
