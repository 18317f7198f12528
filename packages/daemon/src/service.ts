import { X509Certificate } from "node:crypto";
import { closeSync, openSync, rmSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { gssapiProblem } from "@sallyport/gssapi";
import { ConfigError, limitValues } from "@sallyport/protocol";
import type { ListeningAddress } from "@sallyport/server";
import type { TlsIdentityOptions } from "@sallyport/transport";
import { openAdministration } from "./admin/administration.ts";
import {
  certificateCovers,
  describeCertificate,
  readCertificate,
  readIdentity,
  RootFileReader,
} from "./certificates/index.ts";
import { listenersOf, listeningError, tryPorts } from "./listening.ts";
import type { EventLog } from "./log/event-log.ts";
import { snapshotEvents } from "./log/snapshot.ts";
import { asUser, becomeUser, isRoot, openFilesMax, type RunAs } from "./privileges.ts";
import { checkServedDirectory } from "./served-directory.ts";
import {
  openCertificates,
  openParts,
  reachableNames,
  readMaterial,
  readMaterialAgain,
  type ServiceParts,
} from "./service-parts.ts";
import { createTls, limitsOf } from "./serving.ts";
import { checkServiceUser } from "./service-user.ts";
import type { ServiceSettings } from "./settings.ts";
import type { StateDirectory } from "./state-directory.ts";
import { requirePortForEach } from "./workers/worker-share.ts";

const renewalIntervalMs = 86_400_000;
const sweepIntervalMs = 3_600_000;

/** The settings as they are said now, for a service that runs. */
export interface RereadSettings {
  /** What the service is told from now on: what cannot change while it runs is as it was. */
  readonly settings: ServiceSettings;
  /** Names of what changes now, for new connections. */
  readonly changed: readonly string[];
  /** Names of what was changed and waits for a restart. */
  readonly needRestart: readonly string[];
  /** Told when the service has taken them. */
  accept(): void;
}

/** Reads the settings again; throws where they are not in order. */
export type RereadsSettings = () => RereadSettings;

/**
 * A running FTPS server with everything around it: certificates, accounts, log, rights. It installs no signal handlers;
 * {@link serveUntilSignal} does.
 */
export class Service implements AsyncDisposable {
  readonly state: StateDirectory;
  readonly addresses: readonly ListeningAddress[];
  #parts: ServiceParts;
  readonly #reread: RereadsSettings | undefined;
  readonly #reader: RootFileReader | undefined;
  readonly #renewal: NodeJS.Timeout;
  readonly #sweeping: NodeJS.Timeout;
  readonly #startedMs = Date.now();
  #reloading: Promise<void> = Promise.resolve();

  private constructor(
    parts: ServiceParts,
    addresses: readonly ListeningAddress[],
    reader: RootFileReader | undefined,
    reread: RereadsSettings | undefined,
  ) {
    this.#reader = reader;
    this.#reread = reread;
    this.state = parts.state;
    this.addresses = addresses;
    this.#parts = parts;
    this.#renewal = setInterval(() => void this.#reporting(() => this.#renew()), renewalIntervalMs).unref();
    this.#sweeping = setInterval(() => void this.#reporting(() => parts.storage.sweep()), sweepIntervalMs).unref();
  }

  /**
   * Starts a service. Everything that can be wrong is looked for before anything is written; as root, ports are bound
   * first and then the rights are given up for good.
   *
   * @throws {SallyportError} whose message is one sentence: what is wrong and what to do.
   */
  static async start(settings: ServiceSettings, log: EventLog, reread?: RereadsSettings): Promise<Service> {
    const runAs = checkServiceUser(settings);
    const root = await checkRoot(settings, runAs);
    for (const file of authorityFiles(settings)) readCertificate(file);
    await checkKeytab(settings, runAs);
    requirePortForEach(settings);
    const given = await readMaterial(settings);
    await tryPorts(settings);
    await using undo = new AsyncDisposableStack();
    const parts = await openParts({ ...settings, root }, { log, runAs, given, undo });
    const addresses = await parts.serving.listen().catch((error: unknown) => {
      throw listeningError(error, listenersOf(settings));
    });
    try {
      const reader = runAs && (await rootFileReader(settings, runAs, undo));
      if (runAs !== undefined) becomeUser(runAs);
      checkServedDirectory(root, servedAs(settings));
      await parts.serving.begin();
      parts.notifier?.begin();
      await openAdministration(parts, undo);
      const service = new Service({ ...parts, undo: undo.move() }, addresses, reader, reread);
      await service.#announce(runAs);
      return service;
    } catch (error) {
      await parts.serving.close({ graceMs: 0 });
      throw error;
    }
  }

  /**
   * Reads settings, certificates, accounts and logs anew. New connections get what is new; logins whose account is gone,
   * closed or has another password end, and the others go on with the rights of now. What cannot be read, or is not in
   * order, leaves everything as it was and is reported. One reload waits for the other.
   */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reporting(() => this.#reload()));
    return this.#reloading;
  }

  async #reload(): Promise<void> {
    const { log, serving, state } = this.#parts;
    log.reopen();
    const { root } = this.#parts.settings;
    const reread = this.#reread?.();
    const settings = reread === undefined ? this.#parts.settings : { ...reread.settings, root };
    await this.#renew();
    const isGiven = settings.identities.length > 0;
    const certificates = isGiven ? undefined : (this.#parts.certificates ?? (await openCertificates(settings, state)));
    const material = await readMaterialAgain(settings, certificates, this.#reader);
    const tls = await createTls(settings, material);
    const takeSecrets = this.#parts.notifier?.reread();
    await serving.reconfigure({ settings, material, tls });
    this.#parts = { ...this.#parts, settings, tls, certificates };
    takeSecrets?.();
    reread?.accept();
    const { endedCount, refreshedCount } = await serving.reviewLogins();
    this.#announceCertificates();
    const { changed = [], needRestart = [] } = reread ?? {};
    if (changed.includes("anonymous")) this.#warnOfAnonymous();
    if (changed.includes("require-tls") || changed.includes("listener")) this.#warnOfClearText();
    log.onEvent({ atMs: Date.now(), kind: "service-reloaded", changed, needRestart, endedCount, refreshedCount });
  }

  /** Stops listening, gives running transfers their time, and closes everything. */
  async stop(cause: string): Promise<void> {
    const { log, notifier, serving, settings, undo } = this.#parts;
    const stoppingMs = Date.now();
    clearInterval(this.#renewal);
    clearInterval(this.#sweeping);
    log.onEvent({ atMs: Date.now(), kind: "service-stopping", cause });
    await serving.close({ graceMs: settings.graceMs });
    await notifier?.close(Math.max(0, stoppingMs + settings.graceMs - Date.now()));
    await undo.disposeAsync();
    log.onEvent({ atMs: Date.now(), kind: "service-stopped", durationMs: Date.now() - this.#startedMs });
  }

  /** Ends what runs at once, for a process that ends without {@link stop}; nothing says any more that it runs. */
  cut(cause: string): void {
    const { log, serving, state } = this.#parts;
    log.onEvent({ atMs: Date.now(), kind: "service-cut", cause });
    serving.cut();
    for (const path of [state.pid, state.socket]) rmSync(path, { force: true });
  }

  /** Writes to the log who is connected and what they do. */
  async showConnections(): Promise<void> {
    const { log, serving } = this.#parts;
    try {
      for (const event of snapshotEvents(await serving.connections(), Date.now())) log.onEvent(event);
    } catch (error) {
      this.#warn(
        `Who is connected cannot be told (${error instanceof Error ? error.message : String(error)})`,
        "ask again",
      );
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("closed");
  }

  /** A server does not end because a file is missing today. */
  async #reporting(action: () => Promise<void>): Promise<void> {
    const { log, settings } = this.#parts;
    try {
      await action();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const hint = settings.runAs === undefined ? "" : ` (Files are read as ${settings.runAs} by now.)`;
      log.onEvent({ atMs: Date.now(), kind: "reload-failed", cause: message + hint });
    }
  }

  #replaceIdentities(identities: readonly TlsIdentityOptions[]): void {
    const { serving, tls } = this.#parts;
    tls.replaceIdentities(identities);
    serving.replaceIdentities(identities);
  }

  async #renew(): Promise<void> {
    const { certificates, log } = this.#parts;
    if (certificates === undefined) return;
    const renewal = await certificates.renewIfDue(Date.now());
    if (renewal.kind === "not-due" || renewal.kind === "not-ours") return;
    this.#replaceIdentities([readIdentity(certificates.identityFiles)]);
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
    this.#warnOfAnonymous();
    await this.#warnOfKerberos();
    if (isRoot())
      this.#warn("The server runs as root", "use --run-as NAME, so that a fault in it is not a fault of everything");
    this.#warnOfClearText();
    this.#warnOfFewDescriptors();
  }

  /** A system without descriptors closes connections before the server sees them: no reply, and no line in the log. */
  #warnOfFewDescriptors(): void {
    const mostCount = openFilesMax();
    const { connectionsCount } = limitValues(limitsOf(this.#parts.settings));
    if (mostCount >= connectionsCount) return;
    this.#warn(
      `A process may have ${mostCount} files open, and connections past that are closed without a line in the log`,
      `raise the limit (ulimit -n, LimitNOFILE) or lower --max-connections, which is ${connectionsCount}`,
    );
  }

  async #warnOfKerberos(): Promise<void> {
    const { gssapi } = this.#parts.settings;
    const problem = gssapi === undefined ? undefined : await gssapiProblem("server", gssapi);
    if (problem === undefined) return;
    this.#warn(
      `Kerberos does not work (${problem.message}), so that AUTH GSSAPI is answered 431`,
      "install the library (libgssapi-krb5-2) and give a keytab with a key of this service (--keytab)",
    );
  }

  #warnOfAnonymous(): void {
    const { anonymous, root } = this.#parts.settings;
    if (!anonymous) return;
    this.#warn(
      `Everybody can read the whole of ${root} as anonymous, homes of accounts included`,
      "to confine that, serve a directory that holds public files alone, and the accounts with a server and --state of their own",
    );
  }

  #warnOfClearText(): void {
    const { settings } = this.#parts;
    const demands = (settings.listeners ?? [settings]).map(({ requireTls = "login,data" }) => requireTls);
    const inClear = [
      ...(demands.every((demand) => demand.includes("login")) ? [] : ["Passwords"]),
      ...(demands.every((demand) => demand.includes("data")) ? [] : ["files"]),
    ].join(" and ");
    if (inClear !== "") {
      const what = inClear.replace(/^f/, "F");
      this.#warn(`${what} may cross the network in the clear`, "leave out --plain and --require-tls to forbid that");
    }
  }

  #announceCertificates(): void {
    const { log, settings, state, tls } = this.#parts;
    const leaves = tls.identities.map(({ certificate }) => new X509Certificate(certificate));
    for (const leaf of leaves) {
      const { names, notAfter, fingerprint, pin } = describeCertificate(leaf);
      log.onEvent({ atMs: Date.now(), kind: "certificate-loaded", names, notAfter, fingerprint, pin });
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

/** Looks at the served directory with the rights that the service will have, before anything changes. */
async function checkRoot(settings: ServiceSettings, runAs: RunAs | undefined): Promise<string> {
  if (runAs === undefined) return checkServedDirectory(settings.root, servedAs(settings));
  // What lies in the state directory is only reached by that user once it is handed over.
  const isOurs = resolve(settings.root).startsWith(join(resolve(settings.statePath), sep));
  if (isOurs) return checkServedDirectory(settings.root, { readOnly: true });
  return asUser(runAs, async () => checkServedDirectory(settings.root, servedAs(settings)));
}

/** Visitors write to memory. */
function servedAs({ readOnly, visitors }: ServiceSettings): { readonly readOnly: boolean } {
  return { readOnly: readOnly || visitors !== undefined };
}

/** Reads certificates with the rights of root later on, started where the user of the service could not. */
async function rootFileReader(
  settings: ServiceSettings,
  runAs: RunAs,
  undo: AsyncDisposableStack,
): Promise<RootFileReader | undefined> {
  const own = settings.identities.flatMap(({ certificateFile, keyFile }) => [certificateFile, keyFile]);
  const principals = settings.gssapi?.principalsFile;
  const files = [...own, ...authorityFiles(settings), ...(principals === undefined ? [] : [principals])];
  const readable = await asUser(runAs, async () => files.every((file) => mayRead(file)));
  return readable ? undefined : undo.use(new RootFileReader(files));
}

/** The mechanism's process has the rights of the service, and so has to be able to read the keys. */
async function checkKeytab({ gssapi }: ServiceSettings, runAs: RunAs | undefined): Promise<void> {
  const file = gssapi?.keytab;
  if (file === undefined) return;
  const readable = runAs === undefined ? mayRead(file) : await asUser(runAs, async () => mayRead(file));
  if (readable) return;
  const who = runAs === undefined ? "this user" : `the user ${runAs.name}`;
  const message = `The keytab ${file} cannot be read: it has to be there, and ${who} has to be allowed to read it.`;
  throw new ConfigError("SALLYPORT_INPUT_UNREADABLE", message);
}

function mayRead(file: string): boolean {
  try {
    closeSync(openSync(file, "r"));
    return true;
  } catch {
    return false;
  }
}

function authorityFiles({ clientCertificates, fxp }: ServiceSettings): string[] {
  return [clientCertificates?.authoritiesFile, fxp?.authoritiesFile].filter((file) => file !== undefined);
}
