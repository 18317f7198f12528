import { resolve } from "node:path";
import { ConfigError, limitValues } from "@sallyport/protocol";
import { OwnLedger } from "@sallyport/server";
import { AccountDatabase } from "@sallyport/server/accounts";
import { LocalDirectory } from "@sallyport/server/storage";
import type { ServerTlsProfile, TlsIdentityOptions } from "@sallyport/transport";
import {
  LocalCertificates,
  parseCertificateName,
  type PemSource,
  readIdentity,
  readPemFile,
  readTextFile,
  type RootFileReader,
} from "./certificates/index.ts";
import { Notifier, together } from "./events/index.ts";
import type { EventLog } from "./log/event-log.ts";
import { asUser, type RunAs } from "./privileges.ts";
import { createTls, limitsOf, openServer, type Serving, type TlsMaterial } from "./serving.ts";
import type { ServiceSettings } from "./settings.ts";
import { SoleServer } from "./sole-server.ts";
import {
  handOver,
  lockStateDirectory,
  prepareStateDirectory,
  type StateDirectory,
  stateOwner,
} from "./state-directory.ts";
import { WorkerPool } from "./workers/worker-pool.ts";

/** What a service is made of. */
export interface ServiceParts {
  readonly settings: ServiceSettings;
  readonly log: EventLog;
  readonly state: StateDirectory;
  readonly serving: Serving;
  readonly accounts: AccountDatabase;
  /** Serves where there is one process; the workers have their own. */
  readonly tls: ServerTlsProfile;
  readonly storage: LocalDirectory;
  /** Absent where nobody is to be told. */
  readonly notifier: Notifier | undefined;
  /** Absent where certificates are given by file. */
  readonly certificates: LocalCertificates | undefined;
  /** Closes everything but what serves. */
  readonly undo: AsyncDisposableStack;
}

/** What is settled before anything is opened. */
export interface StartContext {
  readonly log: EventLog;
  readonly runAs: RunAs | undefined;
  readonly given: TlsMaterial;
  readonly undo: AsyncDisposableStack;
}

/** Opens what is kept, with the rights that the service will have, and makes ready what serves. */
export async function openParts(settings: ServiceSettings, context: StartContext): Promise<ServiceParts> {
  const { log, runAs, given, undo } = context;
  const state = prepareStateDirectory(settings.statePath);
  if (runAs === undefined) return openAsIs(settings, state, { log, given, undo });
  handOver(state, runAs);
  if (stateOwner(state).uid !== runAs.uid) {
    const message = `The state directory ${state.path} belongs to another user than ${runAs.name}: give it away with "chown -R ${runAs.name} ${state.path}", or name another with --state.`;
    throw new ConfigError("SALLYPORT_STATE_WRONG_OWNER", message);
  }
  return asUser(runAs, () => openAsIs(settings, state, { log, given, undo }));
}

async function openAsIs(
  settings: ServiceSettings,
  state: StateDirectory,
  { log, given, undo }: Omit<StartContext, "runAs">,
): Promise<ServiceParts> {
  // Made before it is locked, since the lock lies beside it.
  const accounts = undo.use(await AccountDatabase.open(state.accounts, { create: true }));
  undo.use(lockStateDirectory(state));
  const notifier = openNotifier(settings, state, log);
  if (notifier !== undefined) undo.use(notifier);
  const observer = notifier === undefined ? log : together(log, notifier);
  const certificates = given.identities.length === 0 ? await openCertificates(settings, state) : undefined;
  const material = certificates === undefined ? given : { ...given, identities: ownIdentities(certificates) };
  const tls = await createTls(settings, material);
  const common = { settings, log, state, tls, notifier, certificates, undo };
  const { workersCount = 1 } = settings;
  if (workersCount > 1) {
    const keepPartsMs = limitValues(limitsOf(settings)).interruptedUploadMs;
    const storage = undo.use(await LocalDirectory.open(settings.root, { keepPartsMs }));
    const quiet = log.quiet && notifier === undefined;
    const serving = new WorkerPool({ settings, workersCount, material, log: observer, quiet });
    return { ...common, serving, accounts, storage };
  }
  const ledger = new OwnLedger(limitValues(limitsOf(settings)));
  const ours = { accounts, tls, material, observer, ledger };
  const parts = await openServer(settings, ours, undo);
  return { ...common, serving: new SoleServer(parts, ledger), accounts, storage: parts.storage };
}

function openNotifier(settings: ServiceSettings, state: StateDirectory, log: EventLog): Notifier | undefined {
  const { notify, root, readOnly, visitors, durable, version } = settings;
  if (notify === undefined || notify.targets.length === 0) return undefined;
  return new Notifier({
    settings: notify,
    path: state.events,
    directory: state.path,
    served: { root, readOnly: readOnly || visitors !== undefined },
    durable,
    version,
    limits: limitsOf(settings),
    report: (event) => log.onEvent(event),
  });
}

/**
 * Reads what is given by file, with the rights of the moment. Identities that are none of ours are found good or bad at
 * once.
 *
 * @throws {ConfigError} as {@link readIdentity} and ServerTlsProfile.create.
 */
export async function readMaterial(settings: ServiceSettings): Promise<TlsMaterial> {
  const { clientCertificates, fxp, gssapi } = settings;
  const material = {
    identities: settings.identities.map((files) => readIdentity(files)),
    ...(clientCertificates && { clientAuthorities: readPemFile(clientCertificates.authoritiesFile, "certificate") }),
    ...(fxp?.authoritiesFile !== undefined && { fxpAuthorities: readPemFile(fxp.authoritiesFile, "certificate") }),
    ...(gssapi?.principalsFile !== undefined && { principals: readTextFile(gssapi.principalsFile, principalsMap) }),
  };
  if (material.identities.length > 0) await createTls(settings, material);
  return material;
}

/** Reads everything again from where it lies. */
export async function readMaterialAgain(
  settings: ServiceSettings,
  certificates: LocalCertificates | undefined,
  reader: RootFileReader | undefined,
): Promise<TlsMaterial> {
  const { identities, clientCertificates, fxp, gssapi } = settings;
  const texts = await reader?.read();
  const source: PemSource = (file, what) => texts?.get(resolve(file)) ?? readPemFile(file, what);
  return {
    identities:
      certificates === undefined ? identities.map((files) => readIdentity(files, source)) : ownIdentities(certificates),
    ...(clientCertificates && { clientAuthorities: source(clientCertificates.authoritiesFile, "certificate") }),
    ...(fxp?.authoritiesFile !== undefined && { fxpAuthorities: source(fxp.authoritiesFile, "certificate") }),
    ...(gssapi?.principalsFile !== undefined && {
      principals: texts?.get(resolve(gssapi.principalsFile)) ?? readTextFile(gssapi.principalsFile, principalsMap),
    }),
  };
}

const principalsMap = "map of principals";

/** The certificates of the state directory, made where they are missing. */
export function openCertificates(settings: ServiceSettings, state: StateDirectory): Promise<LocalCertificates> {
  const names = reachableNames(settings).flatMap((text) => parseCertificateName(text) ?? []);
  return LocalCertificates.open(state.tls, { names, nowMs: Date.now() });
}

function ownIdentities(certificates: LocalCertificates): TlsIdentityOptions[] {
  return [readIdentity(certificates.identityFiles)];
}

/** Addresses by which clients reach the server for certain; of `0.0.0.0` and `::` nothing is known. */
export function reachableNames({ listen, masquerade }: ServiceSettings): string[] {
  const bound = listen.filter((address) => address !== "0.0.0.0" && address !== "::");
  return masquerade === undefined ? bound : [...bound, masquerade];
}
