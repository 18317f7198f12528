import { X509Certificate } from "node:crypto";
import { ConfigError, type LimitValues } from "@sallyport/protocol";
import { FtpServer, type FtpServerOptions, type ListeningAddress } from "@sallyport/server";
import { AccountDatabase, DatabaseAuthenticator, PasswordHasher } from "@sallyport/server/accounts";
import { LocalDirectory } from "@sallyport/server/storage";
import { ServerTlsProfile, type TlsIdentityOptions } from "@sallyport/transport";
import {
  certificateCovers,
  describeCertificate,
  LocalCertificates,
  parseCertificateName,
  readIdentity,
} from "./certificates/index.ts";
import { listenersOf, listeningError, tryPorts } from "./listening.ts";
import type { EventLog } from "./log/event-log.ts";
import { asUser, becomeUser, findUser, isRoot, type RunAs } from "./privileges.ts";
import { readOnlyLogins } from "./read-only-logins.ts";
import { checkServedDirectory } from "./served-directory.ts";
import type { ServiceSettings } from "./settings.ts";
import {
  handOver,
  lockStateDirectory,
  prepareStateDirectory,
  type StateDirectory,
  stateOwner,
} from "./state-directory.ts";

const renewalIntervalMs = 86_400_000;

/**
 * A running FTPS server with everything around it: certificates, accounts, log, rights. It installs no signal handlers;
 * {@link serveUntilSignal} does.
 */
export class Service implements AsyncDisposable {
  readonly state: StateDirectory;
  readonly addresses: readonly ListeningAddress[];
  readonly #parts: ServiceParts;
  readonly #renewal: NodeJS.Timeout;
  readonly #startedMs = Date.now();

  private constructor(parts: ServiceParts, addresses: readonly ListeningAddress[]) {
    this.state = parts.state;
    this.addresses = addresses;
    this.#parts = parts;
    this.#renewal = setInterval(() => void this.#renew(), renewalIntervalMs).unref();
  }

  /**
   * Starts a service. Everything that can be wrong is looked for before anything is written; as root, ports are bound
   * first and then the rights are given up for good.
   *
   * @throws {SallyportError} whose message is one sentence: what is wrong and what to do.
   */
  static async start(settings: ServiceSettings, log: EventLog): Promise<Service> {
    const runAs = chooseUser(settings);
    const root = checkServedDirectory(settings.root, { readOnly: settings.readOnly || runAs !== undefined });
    const given = settings.identities.map((files) => readIdentity(files));
    const givenTls = given.length === 0 ? undefined : await ServerTlsProfile.create({ identities: given });
    await tryPorts(settings);
    await using undo = new AsyncDisposableStack();
    const parts = await openParts({ ...settings, root }, { log, runAs, givenTls, undo });
    const addresses = await parts.server.listen().catch((error: unknown) => {
      throw listeningError(error, listenersOf(settings));
    });
    try {
      if (runAs !== undefined) becomeUser(runAs);
      checkServedDirectory(root, settings);
      const service = new Service({ ...parts, undo: undo.move() }, addresses);
      await service.#announce(runAs);
      return service;
    } catch (error) {
      await parts.server.close();
      throw error;
    }
  }

  /** Reads certificates and logs anew; what cannot be read leaves the old in use and is reported. */
  async reload(): Promise<void> {
    const { log, tls, settings } = this.#parts;
    try {
      log.reopen();
      await this.#renew();
      tls.replaceIdentities(await identitiesOf(this.#parts));
      this.#announceCertificates();
      log.onEvent({ atMs: Date.now(), kind: "service-reloaded" });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const hint = settings.runAs === undefined ? "" : ` (the server runs as ${settings.runAs} since it was started)`;
      log.onEvent({ atMs: Date.now(), kind: "reload-failed", cause: error.message + hint });
    }
  }

  /** Stops listening, gives running transfers their time, and closes everything. */
  async stop(cause: string): Promise<void> {
    const { log, server, settings, undo } = this.#parts;
    clearInterval(this.#renewal);
    log.onEvent({ atMs: Date.now(), kind: "service-stopping", cause });
    await server.close({ graceMs: settings.graceMs });
    await undo.disposeAsync();
    log.onEvent({ atMs: Date.now(), kind: "service-stopped", durationMs: Date.now() - this.#startedMs });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("closed");
  }

  async #renew(): Promise<void> {
    const { certificates, log, tls } = this.#parts;
    if (certificates === undefined) return;
    const renewal = await certificates.renewIfDue(Date.now());
    if (renewal.kind === "not-due" || renewal.kind === "not-ours") return;
    tls.replaceIdentities([readIdentity(certificates.identityFiles)]);
    const authorityReplaced = renewal.kind === "authority-replaced";
    log.onEvent({ atMs: Date.now(), kind: "certificate-renewed", notAfter: renewal.notAfter, authorityReplaced });
  }

  async #announce(runAs: RunAs | undefined): Promise<void> {
    const { accounts, log, settings, state } = this.#parts;
    const { version, root } = settings;
    const facts = { version, process: process.pid, state: state.path, root };
    log.onEvent({ atMs: Date.now(), kind: "service-started", ...facts, ...(runAs && { runAs: runAs.name }) });
    this.#announceCertificates();
    if ((await accounts.list()).length === 0) {
      this.#warn(
        "There is no account, so that nobody can log in",
        `add one with: sallyport user add NAME --state ${state.path}`,
      );
    }
    if (isRoot())
      this.#warn("The server runs as root", "use --run-as NAME, so that a fault in it is not a fault of everything");
    if (settings.requireTls !== "login,data") {
      const what =
        settings.requireTls === "none"
          ? "Passwords and files"
          : settings.requireTls === "login"
            ? "Files"
            : "Passwords";
      this.#warn(`${what} may cross the network in the clear`, "leave out --plain and --require-tls to forbid that");
    }
  }

  #announceCertificates(): void {
    const { log, settings, state, tls } = this.#parts;
    const leaves = tls.identities.map(({ certificate }) => new X509Certificate(certificate));
    for (const leaf of leaves) {
      const { names, notAfter, fingerprint } = describeCertificate(leaf);
      log.onEvent({ atMs: Date.now(), kind: "certificate-loaded", names, notAfter, fingerprint });
    }
    for (const address of reachableNames(settings)) {
      if (leaves.some((leaf) => certificateCovers(leaf, address))) continue;
      const fix = `make one that does with: sallyport cert create --name ${address} --state ${state.path}`;
      this.#warn(`The certificate does not name ${address}, where clients connect`, fix);
    }
  }

  #warn(cause: string, fix: string): void {
    this.#parts.log.onEvent({ atMs: Date.now(), kind: "service-warning", cause, fix });
  }
}

/** What a service is made of. */
interface ServiceParts {
  readonly settings: ServiceSettings;
  readonly log: EventLog;
  readonly state: StateDirectory;
  readonly server: FtpServer;
  readonly accounts: AccountDatabase;
  readonly tls: ServerTlsProfile;
  /** Absent where certificates are given by file. */
  readonly certificates: LocalCertificates | undefined;
  /** Closes everything but the server. */
  readonly undo: AsyncDisposableStack;
}

interface StartContext {
  readonly log: EventLog;
  readonly runAs: RunAs | undefined;
  readonly givenTls: ServerTlsProfile | undefined;
  readonly undo: AsyncDisposableStack;
}

/** @throws {ConfigError} SALLYPORT_ROOT_REFUSED, SALLYPORT_RUN_AS_FORBIDDEN, or as {@link findUser}. */
function chooseUser({ runAs, allowRoot }: ServiceSettings): RunAs | undefined {
  if (runAs !== undefined && !isRoot()) {
    const message = `Only root can become another user: start as root, or leave out --run-as ${runAs}.`;
    throw new ConfigError("SALLYPORT_RUN_AS_FORBIDDEN", message);
  }
  if (runAs !== undefined) return findUser(runAs);
  if (!isRoot() || allowRoot) return undefined;
  const message = "A server does not run as root: name an ordinary user with --run-as, or say --allow-root if it must.";
  throw new ConfigError("SALLYPORT_ROOT_REFUSED", message);
}

/** Opens what is kept, with the rights that the service will have, and makes the server of it. */
async function openParts(settings: ServiceSettings, context: StartContext): Promise<ServiceParts> {
  const { log, runAs, givenTls, undo } = context;
  const state = prepareStateDirectory(settings.statePath);
  if (runAs === undefined) return openAsIs(settings, state, { log, givenTls, undo });
  handOver(state, runAs);
  if (stateOwner(state).uid !== runAs.uid) {
    const message = `The state directory ${state.path} belongs to another user than ${runAs.name}: give it away with "chown -R ${runAs.name} ${state.path}", or name another with --state.`;
    throw new ConfigError("SALLYPORT_STATE_WRONG_OWNER", message);
  }
  return asUser(runAs, () => openAsIs(settings, state, { log, givenTls, undo }));
}

async function openAsIs(
  settings: ServiceSettings,
  state: StateDirectory,
  { log, givenTls, undo }: Omit<StartContext, "runAs">,
): Promise<ServiceParts> {
  const accounts = undo.use(await AccountDatabase.open(state.accounts, { create: true }));
  undo.use(lockStateDirectory(state));
  const certificates = givenTls === undefined ? await openCertificates(settings, state) : undefined;
  const tls = givenTls ?? (await ServerTlsProfile.create({ identities: ownIdentities(certificates) }));
  const hasher = undo.use(new PasswordHasher());
  const logins = undo.use(new DatabaseAuthenticator({ accounts, hasher }));
  const storage = undo.use(await LocalDirectory.open(settings.root, { durable: settings.durable }));
  const server = new FtpServer({
    ...policiesOf(settings),
    tls,
    authenticator: settings.readOnly ? readOnlyLogins(logins) : logins,
    storage,
    observer: log,
  });
  return { settings, log, state, server, accounts, tls, certificates, undo };
}

function openCertificates(settings: ServiceSettings, state: StateDirectory): Promise<LocalCertificates> {
  const names = reachableNames(settings).flatMap((text) => parseCertificateName(text) ?? []);
  return LocalCertificates.open(state.tls, { names, nowMs: Date.now() });
}

function ownIdentities(certificates: LocalCertificates | undefined): TlsIdentityOptions[] {
  return certificates === undefined ? [] : [readIdentity(certificates.identityFiles)];
}

async function identitiesOf({ settings, certificates }: ServiceParts): Promise<TlsIdentityOptions[]> {
  return certificates === undefined
    ? settings.identities.map((files) => readIdentity(files))
    : ownIdentities(certificates);
}

/** Addresses by which clients reach the server for certain; of `0.0.0.0` and `::` nothing is known. */
function reachableNames({ listen, masquerade }: ServiceSettings): string[] {
  const bound = listen.filter((address) => address !== "0.0.0.0" && address !== "::");
  return masquerade === undefined ? bound : [...bound, masquerade];
}

function policiesOf(settings: ServiceSettings): Pick<FtpServerOptions, "listeners" | "passive" | "durable" | "limits"> {
  const { passivePorts, masquerade, durable, connectionsMax, connectionsPerHostMax } = settings;
  const limits: Partial<LimitValues> = {
    ...(connectionsMax !== undefined && { connectionsCount: connectionsMax }),
    ...(connectionsPerHostMax !== undefined && { connectionsPerHostCount: connectionsPerHostMax }),
  };
  const { requireTls, dataResumption, uncleanDataClose } = settings;
  const policies = { requireTls, dataResumption, uncleanDataClose };
  const listeners = listenersOf(settings).map((listener) => ({ ...listener, ...policies }));
  const passive = { ...(passivePorts && { ports: passivePorts }), ...(masquerade !== undefined && { masquerade }) };
  return { listeners, passive, durable, limits };
}
