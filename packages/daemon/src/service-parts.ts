import { ConfigError, type LimitValues } from "@sallyport/protocol";
import { FtpServer, type FtpServerOptions, type FxpOptions, type LoginStorage } from "@sallyport/server";
import {
  AccountDatabase,
  AnonymousAuthenticator,
  type Authenticator,
  DatabaseAuthenticator,
  firstOf,
  PasswordHasher,
} from "@sallyport/server/accounts";
import { LocalDirectory } from "@sallyport/server/storage";
import { ServerTlsProfile, type TlsIdentityOptions } from "@sallyport/transport";
import { LocalCertificates, parseCertificateName, readIdentity, readPemFile } from "./certificates/index.ts";
import { listenersOf } from "./listening.ts";
import type { EventLog } from "./log/event-log.ts";
import { asUser, type RunAs } from "./privileges.ts";
import { publicStorage } from "./public/public-storage.ts";
import { VisitorAreas, type VisitorAreasOptions } from "./public/visitor-areas.ts";
import { readOnlyLogins } from "./read-only-logins.ts";
import type { ServiceSettings } from "./settings.ts";
import {
  handOver,
  lockStateDirectory,
  prepareStateDirectory,
  type StateDirectory,
  stateOwner,
} from "./state-directory.ts";

/** What a service is made of. */
export interface ServiceParts {
  readonly settings: ServiceSettings;
  readonly log: EventLog;
  readonly state: StateDirectory;
  readonly server: FtpServer;
  readonly accounts: AccountDatabase;
  readonly tls: ServerTlsProfile;
  readonly storage: LocalDirectory;
  /** Absent where certificates are given by file. */
  readonly certificates: LocalCertificates | undefined;
  /** Closes everything but the server. */
  readonly undo: AsyncDisposableStack;
}

/** What is settled before anything is opened. */
export interface StartContext {
  readonly log: EventLog;
  readonly runAs: RunAs | undefined;
  readonly givenTls: ServerTlsProfile | undefined;
  readonly undo: AsyncDisposableStack;
}

/** Opens what is kept, with the rights that the service will have, and makes the server of it. */
export async function openParts(settings: ServiceSettings, context: StartContext): Promise<ServiceParts> {
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
  const tls = givenTls ?? (await createTls(settings, ownIdentities(certificates)));
  const hasher = undo.use(new PasswordHasher());
  const logins = undo.use(new DatabaseAuthenticator({ accounts, hasher }));
  const storage = undo.use(await LocalDirectory.open(settings.root, { durable: settings.durable }));
  const authenticator = authenticatorOf(settings, logins);
  const served = settings.visitors === undefined ? storage : visited(storage, settings.visitors, undo);
  const server = new FtpServer({ ...policiesOf(settings), tls, authenticator, storage: served, observer: log });
  return { settings, log, state, server, accounts, tls, storage, certificates, undo };
}

/** The tree as strangers see it; what they wrote is freed when its time is over. */
function visited(tree: LocalDirectory, options: VisitorAreasOptions, undo: AsyncDisposableStack): LoginStorage {
  const areas = new VisitorAreas(options);
  const sweeping = setInterval(() => areas.sweep(), visitorSweepIntervalMs).unref();
  undo.defer(() => clearInterval(sweeping));
  return publicStorage(tree, areas);
}

const visitorSweepIntervalMs = 60_000;

/** The TLS of certificates that are given by file; undefined where our own are used. */
export async function createGivenTls(settings: ServiceSettings): Promise<ServerTlsProfile | undefined> {
  const identities = settings.identities.map((files) => readIdentity(files));
  return identities.length === 0 ? undefined : createTls(settings, identities);
}

function createTls(
  { minTlsVersion, clientCertificates, dataResumption }: ServiceSettings,
  identities: readonly TlsIdentityOptions[],
): Promise<ServerTlsProfile> {
  const authorities = clientCertificates && {
    demand: clientCertificates.demand,
    ca: readPemFile(clientCertificates.authoritiesFile, "certificate"),
  };
  return ServerTlsProfile.create({
    identities,
    ...(minTlsVersion && { minVersion: minTlsVersion }),
    ...(authorities && { clientCertificates: authorities }),
    resumesData: dataResumption !== "off",
  });
}

function authenticatorOf({ anonymous, readOnly }: ServiceSettings, accounts: Authenticator): Authenticator {
  const logins = anonymous ? firstOf([accounts, new AnonymousAuthenticator()]) : accounts;
  return readOnly ? readOnlyLogins(logins) : logins;
}

function openCertificates(settings: ServiceSettings, state: StateDirectory): Promise<LocalCertificates> {
  const names = reachableNames(settings).flatMap((text) => parseCertificateName(text) ?? []);
  return LocalCertificates.open(state.tls, { names, nowMs: Date.now() });
}

function ownIdentities(certificates: LocalCertificates | undefined): TlsIdentityOptions[] {
  return certificates === undefined ? [] : [readIdentity(certificates.identityFiles)];
}

/** Reads the identities again from where they lie. */
export async function identitiesOf({ settings, certificates }: ServiceParts): Promise<TlsIdentityOptions[]> {
  return certificates === undefined
    ? settings.identities.map((files) => readIdentity(files))
    : ownIdentities(certificates);
}

/** Addresses by which clients reach the server for certain; of `0.0.0.0` and `::` nothing is known. */
export function reachableNames({ listen, masquerade }: ServiceSettings): string[] {
  const bound = listen.filter((address) => address !== "0.0.0.0" && address !== "::");
  return masquerade === undefined ? bound : [...bound, masquerade];
}

type Policies = Pick<
  FtpServerOptions,
  "listeners" | "greeting" | "passive" | "fxp" | "capabilities" | "durable" | "limits"
>;

function policiesOf(settings: ServiceSettings): Policies {
  const { requireTls, dataResumption, uncleanDataClose, proxyProtocolFrom } = settings;
  const policies = { requireTls, dataResumption, uncleanDataClose, proxyProtocolFrom };
  const { passivePorts, masquerade, durable, connectionsMax, connectionsPerHostMax } = settings;
  const limits: Partial<LimitValues> = {
    ...settings.limits,
    ...(connectionsMax !== undefined && { connectionsCount: connectionsMax }),
    ...(connectionsPerHostMax !== undefined && { connectionsPerHostCount: connectionsPerHostMax }),
  };
  return {
    listeners: listenersOf(settings).map((listener) => ({ ...listener, ...policies })),
    passive: { ...(passivePorts && { ports: passivePorts }), ...(masquerade !== undefined && { masquerade }) },
    capabilities: settings.ccc ? ["ccc"] : [],
    ...(settings.fxp && { fxp: fxpOptions(settings.fxp) }),
    ...(settings.greeting !== undefined && { greeting: settings.greeting }),
    durable,
    limits,
  };
}

function fxpOptions({ addresses, authoritiesFile }: NonNullable<ServiceSettings["fxp"]>): FxpOptions {
  const certificateAuthorities = authoritiesFile && readPemFile(authoritiesFile, "certificate");
  return { addresses, ...(certificateAuthorities !== undefined && { certificateAuthorities }) };
}
