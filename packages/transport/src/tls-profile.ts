import { type ClientHello, ConfigError, limits } from "@sallyport/protocol";
import { constants, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { alerts, type HelloDemands, type HelloRefusal, refuseHello, tls12, tls13 } from "./client-hello-verdict.ts";
import { ticketHookWorks } from "./ticket-key-hook.ts";
import { nameFit, readTlsIdentity, type TlsIdentity, type TlsIdentityOptions } from "./tls-identity.ts";

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** Whether clients are asked for a certificate: `request` takes any or none, `require` only verified ones. */
export interface ClientCertificateDemand {
  readonly demand: "request" | "require";
  /** PEM of the authorities that client certificates are verified against. */
  readonly ca: string;
}

export interface ServerTlsOptions {
  /**
   * Certificates by host name; the first is shown to clients that name none or an unknown one. Certificates for the
   * same names with different kinds of key (ECDSA and RSA) are shown by what the client supports.
   */
  readonly identities: readonly TlsIdentityOptions[];
  /** Default TLSv1.2. */
  readonly minVersion?: TlsVersion;
  /** Default TLSv1.3. */
  readonly maxVersion?: TlsVersion;
  /** TLS 1.2 suites by OpenSSL name. Default: ECDHE with AEAD only (RFC 9325 §4.2 and ChaCha20). */
  readonly tls12Suites?: readonly string[];
  readonly clientCertificates?: ClientCertificateDemand;
  /** A server_name that no certificate covers: the first certificate, or a refusal (R-TLS-12). Default `default`. */
  readonly unknownServerName?: "default" | "refuse";
  /** Whether data connections may resume the TLS of their control connection (policy `off` forbids it). Default true. */
  readonly resumesData?: boolean;
  /** False forgoes the private Node hooks, as on a Node that lacks them. Default true. */
  readonly privateHooks?: boolean;
}

/** Identities with the same names, shown together: the handshake picks by kind of key. */
export type IdentityGroup = readonly [TlsIdentity, ...TlsIdentity[]];

/**
 * How a server does TLS on its control and data connections: certificates by name, versions, suites, client
 * certificates. Immutable but for its identities, which can be replaced while connections run.
 */
export class ServerTlsProfile {
  readonly demands: HelloDemands;
  readonly clientCertificates: ClientCertificateDemand | undefined;
  /** The authorities of `clientCertificates`. */
  readonly clientAuthorities: readonly X509Certificate[];
  /** Whether the ticket-key hook is in use; without it the public fallback is. */
  readonly ruledTickets: boolean;
  readonly resumesData: boolean;
  readonly #options: ServerTlsOptions;
  #groups: readonly [IdentityGroup, ...IdentityGroup[]];

  /**
   * Reads and checks the configuration, and proves the private hooks on this Node.
   *
   * @throws {ConfigError} as {@link readTlsIdentity}, and SALLYPORT_TLS_CONFIG for versions, suites and authorities.
   */
  static async create(options: ServerTlsOptions): Promise<ServerTlsProfile> {
    const groups = groupIdentities(options.identities);
    const createBare = () => createContext(options, groups[0]);
    createBare();
    hookProof ??= ticketHookWorks(createBare);
    return new ServerTlsProfile(options, groups, (options.privateHooks ?? true) && (await hookProof));
  }

  private constructor(
    options: ServerTlsOptions,
    groups: readonly [IdentityGroup, ...IdentityGroup[]],
    ruledTickets: boolean,
  ) {
    this.#options = options;
    this.#groups = groups;
    this.ruledTickets = ruledTickets;
    this.resumesData = options.resumesData ?? true;
    this.clientCertificates = options.clientCertificates;
    this.clientAuthorities = readAuthorities(options.clientCertificates);
    this.demands = {
      minVersion: options.minVersion === "TLSv1.3" ? tls13 : tls12,
      maxVersion: options.maxVersion === "TLSv1.2" ? tls12 : tls13,
    };
  }

  /** All identities in use, for status and expiry warnings. */
  get identities(): readonly TlsIdentity[] {
    return this.#groups.flat();
  }

  /**
   * Takes other certificates for handshakes from now on; running connections keep theirs, data connections included.
   *
   * @throws {ConfigError} as {@link ServerTlsProfile.create}; then the old ones stay.
   */
  replaceIdentities(identities: readonly TlsIdentityOptions[]): void {
    const groups = groupIdentities(identities);
    for (const group of groups) createContext(this.#options, group);
    this.#groups = groups;
  }

  /** The certificates for a host name: by name before wildcard before the first; undefined where that is refused. */
  selectIdentities(hostName: string | undefined): IdentityGroup | undefined {
    if (hostName === undefined) return this.#groups[0];
    for (const fit of [2, 1]) {
      const found = this.#groups.find((group) => nameFit(group[0].names, hostName) === fit);
      if (found) return found;
    }
    // An address as server_name is against RFC 6066 §3 but common; it asks for no certificate in particular.
    const refuses = this.#options.unknownServerName === "refuse" && isIP(hostName) === 0;
    return refuses ? undefined : this.#groups[0];
  }

  /** Judges a hello on a control connection; on a data connection the certificate is settled and the name is not asked. */
  judgeControlHello(hello: ClientHello, hostName = hello.serverName): IdentityGroup | HelloRefusal {
    const refusal = refuseHello(hello, this.demands);
    if (refusal) return refusal;
    const group = this.selectIdentities(hostName);
    return group ?? { alert: alerts.unrecognizedName, cause: `No certificate here is for the host name ${hostName}` };
  }

  /** Judges a hello on a data connection; undefined lets the handshake go on. */
  judgeDataHello(hello: ClientHello): HelloRefusal | undefined {
    return refuseHello(hello, this.demands);
  }

  /** Makes a secure context of this profile for some identities. */
  createContext(
    group: IdentityGroup,
    extra: Pick<SecureContextOptions, "ticketKeys" | "maxVersion" | "ecdhCurve"> = {},
  ): SecureContext {
    return createContext(this.#options, group, extra);
  }
}

/** Tells a refusal from the identities that a judgement found. */
export function isHelloRefusal(judgement: IdentityGroup | HelloRefusal): judgement is HelloRefusal {
  return "cause" in judgement;
}

/** One proof for each process: the hook depends on Node alone. */
let hookProof: Promise<boolean> | undefined;

const tls13Suites = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"];

const soundTls12Suites = [
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
];

/** One suite by name, not a list rule of OpenSSL such as ALL or @SECLEVEL. */
const suiteName = /^[A-Z0-9]+(?:-[A-Z0-9]+)+$/;

/** What no configuration brings back (RFC 9325 §4.1). */
const brokenSuite = /NULL|RC4|RC2|DES|EXP|MD5|ADH|AECDH|PSK|SRP/;

function groupIdentities(options: readonly TlsIdentityOptions[]): readonly [IdentityGroup, ...IdentityGroup[]] {
  const groups = new Map<string, [TlsIdentity, ...TlsIdentity[]]>();
  for (const identity of options.map((one) => readTlsIdentity(one))) {
    const names = identity.names.toSorted().join(" ");
    const group = groups.get(names);
    if (group) group.push(identity);
    else groups.set(names, [identity]);
  }
  const [first, ...rest] = groups.values();
  if (!first) throw configError("TLS needs a certificate and its key; none is given");
  return [first, ...rest];
}

function createContext(
  options: ServerTlsOptions,
  group: IdentityGroup,
  extra: Pick<SecureContextOptions, "ticketKeys" | "maxVersion" | "ecdhCurve"> = {},
): SecureContext {
  const suites = options.tls12Suites ?? soundTls12Suites;
  const forbidden = suites.find((suite) => !suiteName.test(suite) || brokenSuite.test(suite));
  if (forbidden !== undefined) throw configError(`${forbidden} is no TLS 1.2 suite that can be allowed; remove it`);
  const { minVersion = "TLSv1.2", maxVersion = "TLSv1.3" } = options;
  if (minVersion > maxVersion) throw configError(`The lowest TLS version ${minVersion} is above the highest`);
  try {
    return createSecureContext({
      cert: group.map(({ certificate }) => certificate),
      key: group.map((identity) => identity.revealKey()),
      // An empty list spares the 150 built-in roots, which only clients need.
      ca: readAuthorities(options.clientCertificates).map(String),
      minVersion,
      maxVersion,
      ciphers: [...tls13Suites, ...suites].join(":"),
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
      // Without it OpenSSL refuses to resume where client certificates are asked for.
      sessionIdContext: "sallyport",
      sessionTimeout: limits.ticketLifetimeMs.value / 1000,
      ...extra,
    });
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const why = cause instanceof Error ? cause.message.replace(/^.*:/s, "") : "unknown";
    throw configError(`TLS cannot be set up with these certificates and suites: ${why}`, cause);
  }
}

function readAuthorities(demand: ClientCertificateDemand | undefined): X509Certificate[] {
  if (!demand) return [];
  const authorities = demand.ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!authorities) throw configError("Client certificates are on, but their authorities hold no PEM certificate");
  try {
    return authorities.map((authority) => new X509Certificate(authority));
  } catch (cause) {
    throw configError("An authority for client certificates is no readable X.509 certificate", cause);
  }
}

function configError(message: string, cause?: unknown): ConfigError {
  return new ConfigError("SALLYPORT_TLS_CONFIG", message, { cause });
}
