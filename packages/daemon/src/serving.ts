import { gssapiMechanism } from "@sallyport/gssapi";
import { limitValues, type LimitValues } from "@sallyport/protocol";
import {
  type ConnectionSelector,
  type ConnectionStatus,
  FtpServer,
  type FtpServerOptions,
  type FxpOptions,
  type GssapiOptions,
  type ListeningAddress,
  type LoginStorage,
  parsePrincipals,
  type ReviewedLogins,
  type OwnLedger,
  type ServerLedger,
  type ServerObserver,
} from "@sallyport/server";
import {
  type AccountDatabase,
  AnonymousAuthenticator,
  type Authenticator,
  DatabaseAuthenticator,
  firstOf,
  PasswordHasher,
} from "@sallyport/server/accounts";
import { LocalDirectory } from "@sallyport/server/storage";
import { type SecurityMechanism, ServerTlsProfile, type TlsIdentityOptions } from "@sallyport/transport";
import { listenersOf } from "./listening.ts";
import { publicStorage } from "./public/public-storage.ts";
import { VisitorAreas, type VisitorAreasOptions } from "./public/visitor-areas.ts";
import { readOnlyLogins } from "./read-only-logins.ts";
import type { ServiceSettings } from "./settings.ts";

/** Whoever serves the connections of a service: a server in this process, or workers. */
export interface Serving {
  readonly ledger: OwnLedger;
  /** Binds all listeners, or none. */
  listen(): Promise<readonly ListeningAddress[]>;
  /** Serves from now on, with the rights that the process has by now. */
  begin(): Promise<void>;
  /** Takes certificates that were found good. */
  replaceIdentities(identities: readonly TlsIdentityOptions[]): void;
  /** Takes other settings for connections from now on; what waits for a restart is as it was. */
  reconfigure(changes: ServiceChanges): Promise<void>;
  /** As FtpServer.reviewLogins, in all processes. */
  reviewLogins(): Promise<ReviewedLogins>;
  /** As FtpServer.connections, of all processes. */
  connections(): Promise<readonly ConnectionStatus[]>;
  /** As FtpServer.disconnect, in all processes. */
  disconnect(selector: ConnectionSelector, text: string, cause?: string): Promise<number>;
  close(patience: { readonly graceMs: number }): Promise<void>;
  /** Ends what is served, at once. */
  cut(): void;
}

/** Certificates, keys and authorities as they were read, perhaps with rights that nobody has any more. */
export interface TlsMaterial {
  readonly identities: readonly TlsIdentityOptions[];
  /** PEM of the authorities of client certificates. */
  readonly clientAuthorities?: string;
  /** PEM of the authorities of other servers. */
  readonly fxpAuthorities?: string;
  /** The map of Kerberos principals to accounts. */
  readonly principals?: string;
}

/** What a running service is told anew; the settings and the material are plain data, for other processes. */
export interface ServiceChanges {
  readonly settings: ServiceSettings;
  readonly material: TlsMaterial;
  /** What this process makes of them. */
  readonly tls: ServerTlsProfile;
}

/** What a server is made of, in the one process or in each worker. */
export interface ServerParts {
  readonly server: FtpServer;
  readonly logins: Authenticator;
  readonly storage: LocalDirectory;
  /** Kerberos, in a process of its own that starts with its first login; absent where it is off. */
  readonly mechanism: SecurityMechanism | undefined;
}

/** What is given to a server. */
export interface Given {
  readonly accounts: AccountDatabase;
  readonly tls: ServerTlsProfile;
  readonly material: Pick<TlsMaterial, "fxpAuthorities" | "principals">;
  readonly observer: ServerObserver;
  readonly ledger: ServerLedger;
}

/** Opens the storage and makes a server of everything. `undo` closes what it opened, but not the server. */
export async function openServer(
  settings: ServiceSettings,
  { accounts, tls, material, observer, ledger }: Given,
  undo: AsyncDisposableStack,
): Promise<ServerParts> {
  const hasher = undo.use(new PasswordHasher(hasherOptions(settings)));
  const logins = undo.use(new DatabaseAuthenticator({ accounts, hasher }));
  const keepPartsMs = limitValues(limitsOf(settings)).interruptedUploadMs;
  const storage = undo.use(await LocalDirectory.open(settings.root, { durable: settings.durable, keepPartsMs }));
  const authenticator = authenticatorOf(settings, logins);
  const served = settings.visitors === undefined ? storage : visited(storage, settings.visitors, undo);
  const mechanism = settings.gssapi && undo.use(gssapiMechanism(settings.gssapi));
  const policies = { ...policiesOf(settings, material.fxpAuthorities), ...gssapiOf(settings, material, mechanism) };
  const given = { tls, authenticator, storage: served, observer, ledger };
  return { server: new FtpServer({ ...policies, ...given }), logins, storage, mechanism };
}

/** Gives a running server other settings; its ledger is for whoever keeps it. */
export function reconfigureServer(
  { server, logins, mechanism }: ServerParts,
  { settings, material, tls }: ServiceChanges,
): void {
  const policies = { ...policiesOf(settings, material.fxpAuthorities), ...gssapiOf(settings, material, mechanism) };
  server.reconfigure({ ...policies, tls, authenticator: authenticatorOf(settings, logins) });
}

/** The TLS of a service. */
export function createTls(
  settings: ServiceSettings,
  { identities, clientAuthorities: ca }: TlsMaterial,
): Promise<ServerTlsProfile> {
  const { minTlsVersion, clientCertificates, dataResumption, listeners = [{ dataResumption }] } = settings;
  return ServerTlsProfile.create({
    identities,
    ...(minTlsVersion && { minVersion: minTlsVersion }),
    ...(clientCertificates && ca !== undefined && { clientCertificates: { demand: clientCertificates.demand, ca } }),
    resumesData: listeners.some((listener) => listener.dataResumption !== "off"),
  });
}

/** Limits that differ from the defaults of the table. */
export function limitsOf({ limits, connectionsMax, connectionsPerHostMax }: ServiceSettings): Partial<LimitValues> {
  return {
    ...limits,
    ...(connectionsMax !== undefined && { connectionsCount: connectionsMax }),
    ...(connectionsPerHostMax !== undefined && { connectionsPerHostCount: connectionsPerHostMax }),
  };
}

type Policies = Omit<FtpServerOptions, "tls" | "gssapi" | "authenticator" | "storage" | "observer" | "ledger">;

/** What a server has to know besides the places that it serves. */
export function policiesOf(settings: ServiceSettings, fxpAuthorities: string | undefined): Policies {
  const { requireTls, dataResumption, uncleanDataClose, proxyProtocolFrom } = settings;
  const gssapi = settings.gssapi && { gssapi: settings.gssapi.login };
  const policies = { requireTls, dataResumption, uncleanDataClose, proxyProtocolFrom, ...gssapi };
  const { passivePorts, masquerade, durable, activeMode, hosts, greeting } = settings;
  return {
    listeners: settings.listeners ?? listenersOf(settings).map((listener) => ({ ...listener, ...policies })),
    passive: { ...(passivePorts && { ports: passivePorts }), ...(masquerade !== undefined && { masquerade }) },
    capabilities: settings.ccc ? ["ccc"] : [],
    ...(settings.fxp && { fxp: fxpOptions(settings.fxp.addresses, fxpAuthorities) }),
    ...(greeting !== undefined && { greeting }),
    ...(hosts && { hosts }),
    ...(activeMode !== undefined && { active: { enabled: activeMode } }),
    allowSymbolicLinks: settings.allowSymbolicLinks ?? false,
    strictLineEnds: settings.strictLineEnds ?? false,
    strictProtectionOrder: settings.strictProtectionOrder ?? false,
    durable,
    limits: limitsOf(settings),
  };
}

function gssapiOf(
  { gssapi }: ServiceSettings,
  { principals }: Pick<TlsMaterial, "principals">,
  mechanism: SecurityMechanism | undefined,
): { readonly gssapi?: GssapiOptions } {
  if (gssapi === undefined || mechanism === undefined) return {};
  const map = principals === undefined ? {} : { principals: parsePrincipals(principals) };
  return { gssapi: { mechanism, suffices: gssapi.suffices, ...map } };
}

function fxpOptions(addresses: readonly string[], certificateAuthorities: string | undefined): FxpOptions {
  return { addresses, ...(certificateAuthorities !== undefined && { certificateAuthorities }) };
}

function hasherOptions(settings: ServiceSettings): ConstructorParameters<typeof PasswordHasher>[0] {
  const { passwordChecksMax: concurrency } = settings;
  return { limits: limitsOf(settings), ...(concurrency !== undefined && { concurrency }) };
}

function authenticatorOf({ anonymous, readOnly }: ServiceSettings, accounts: Authenticator): Authenticator {
  const logins = anonymous ? firstOf([accounts, new AnonymousAuthenticator()]) : accounts;
  return readOnly ? readOnlyLogins(logins) : logins;
}

/** The tree as strangers see it; what they wrote is freed when its time is over. */
function visited(tree: LocalDirectory, options: VisitorAreasOptions, undo: AsyncDisposableStack): LoginStorage {
  const areas = new VisitorAreas(options);
  const sweeping = setInterval(() => areas.sweep(), visitorSweepIntervalMs).unref();
  undo.defer(() => clearInterval(sweeping));
  return publicStorage(tree, areas);
}

const visitorSweepIntervalMs = 60_000;
