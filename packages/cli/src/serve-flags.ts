import type { ServiceSettings } from "@sallyport/daemon";
import { UsageError } from "@sallyport/protocol";
import type { DataResumption, TlsRequirement, UncleanDataClose } from "@sallyport/server/accounts";
import { dataResumptions, tlsRequirements, uncleanDataCloses } from "./account-flags.ts";
import {
  commonFlags,
  parseAddress,
  parseCount,
  parseIpv4Address,
  parsePortOrOff,
  parsePortRange,
  parseText,
  switchFlag,
  type CommonFlags,
  type PortRange,
} from "./flags.ts";

/** What `serve` can be told. */
export interface ServeFlags extends CommonFlags {
  readonly listen?: readonly string[];
  readonly explicitPort?: number | "off";
  readonly implicitPort?: number | "off";
  readonly standardPorts?: boolean;
  readonly runAs?: string;
  readonly allowRoot?: boolean;
  readonly plain?: boolean;
  readonly requireTls?: TlsRequirement;
  readonly dataResumption: DataResumption;
  readonly uncleanDataClose: UncleanDataClose;
  readonly durable?: boolean;
  readonly passivePorts?: PortRange;
  readonly masquerade?: string;
  readonly cert?: readonly string[];
  readonly key?: readonly string[];
  readonly maxConnections?: number;
  readonly maxPerHost?: number;
  readonly readOnly?: boolean;
  readonly anonymous?: boolean;
  readonly minTls: "1.2" | "1.3";
  readonly clientCa?: string;
  readonly clientCertificates?: "request" | "require";
  readonly allowCcc?: boolean;
  readonly fxp?: readonly string[];
  readonly fxpCa?: string;
  readonly proxyProtocolFrom?: readonly string[];
  readonly xferlog?: string;
  readonly grace: number;
  readonly quiet?: boolean;
}

export const serveFlags = {
  ...commonFlags,
  listen: {
    kind: "parsed",
    parse: parseAddress,
    brief: "Address to listen on, can be given several times (default: all)",
    placeholder: "ADDRESS",
    variadic: true,
    optional: true,
  },
  explicitPort: {
    kind: "parsed",
    parse: parsePortOrOff,
    brief: "Port for FTP with AUTH TLS, or off (default: 2121)",
    placeholder: "PORT",
    optional: true,
  },
  implicitPort: {
    kind: "parsed",
    parse: parsePortOrOff,
    brief: "Port for TLS from the first octet, or off (default: 2990)",
    placeholder: "PORT",
    optional: true,
  },
  standardPorts: switchFlag("Listen on 21 and 990"),
  runAs: {
    kind: "parsed",
    parse: parseText,
    brief: "User that root becomes after it has bound the ports",
    placeholder: "NAME",
    optional: true,
  },
  allowRoot: switchFlag("Serve as root all the same"),
  plain: switchFlag("Let clients in without TLS; the same as --require-tls none"),
  requireTls: {
    kind: "enum",
    values: tlsRequirements,
    brief: "Where TLS is demanded (default: login,data)",
    optional: true,
  },
  dataResumption: {
    kind: "enum",
    values: dataResumptions,
    brief: "Whether data connections must resume the TLS of their control connection",
    default: "adaptive",
  },
  uncleanDataClose: {
    kind: "enum",
    values: uncleanDataCloses,
    brief: "What an upload means that ends without close_notify",
    default: "refuse",
  },
  durable: switchFlag("Flush uploads to the disk before they are acknowledged"),
  passivePorts: {
    kind: "parsed",
    parse: parsePortRange,
    brief: "Ports for passive data connections, as in 50000-50999 (default: any)",
    placeholder: "FIRST-LAST",
    optional: true,
  },
  masquerade: {
    kind: "parsed",
    parse: parseIpv4Address,
    brief: "Public address to name in reply 227 behind NAT",
    placeholder: "ADDRESS",
    optional: true,
  },
  cert: {
    kind: "parsed",
    parse: parseText,
    brief: "Certificate chain in PEM; several, each with its --key, are chosen by host name",
    placeholder: "FILE",
    variadic: true,
    optional: true,
  },
  key: {
    kind: "parsed",
    parse: parseText,
    brief: "Private key in PEM of the --cert in the same place",
    placeholder: "FILE",
    variadic: true,
    optional: true,
  },
  maxConnections: {
    kind: "parsed",
    parse: parseCount,
    brief: "Connections in all (default: 2000)",
    placeholder: "N",
    optional: true,
  },
  maxPerHost: {
    kind: "parsed",
    parse: parseCount,
    brief: "Connections from one address (default: 50)",
    placeholder: "N",
    optional: true,
  },
  readOnly: switchFlag("Allow listing and downloading alone"),
  anonymous: switchFlag("Let anybody in as anonymous, to list and download"),
  minTls: { kind: "enum", values: ["1.2", "1.3"], brief: "Lowest version of TLS", default: "1.2" },
  clientCa: {
    kind: "parsed",
    parse: parseText,
    brief: "Authorities of client certificates in PEM; turns them on",
    placeholder: "FILE",
    optional: true,
  },
  clientCertificates: {
    kind: "enum",
    values: ["request", "require"],
    brief: "With --client-ca: whether clients may or must show a certificate (default: request)",
    optional: true,
  },
  allowCcc: switchFlag("Let control connections go back to clear text after the login (CCC)"),
  fxp: {
    kind: "parsed",
    parse: parseAddress,
    brief: "Another server to and from which clients may start transfers (FXP)",
    placeholder: "ADDRESS",
    variadic: true,
    optional: true,
  },
  fxpCa: {
    kind: "parsed",
    parse: parseText,
    brief: "With --fxp: authorities of the other servers in PEM, for transfers under TLS between servers",
    placeholder: "FILE",
    optional: true,
  },
  proxyProtocolFrom: {
    kind: "parsed",
    parse: parseAddress,
    brief: "Proxy whose PROXY protocol header tells the client's address",
    placeholder: "ADDRESS",
    variadic: true,
    optional: true,
  },
  xferlog: {
    kind: "parsed",
    parse: parseText,
    brief: "Write a transfer log in xferlog format",
    placeholder: "FILE",
    optional: true,
  },
  grace: {
    kind: "parsed",
    parse: parseCount,
    brief: "Seconds that running transfers have when the server is told to stop",
    placeholder: "SECONDS",
    default: "5",
  },
  quiet: switchFlag("Log warnings and errors alone"),
} as const;

/**
 * The settings of a service; what is not said gets its default.
 *
 * @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION where flags contradict each other.
 */
export function serviceSettings(
  root: string,
  flags: ServeFlags,
  defaults: Pick<ServiceSettings, "statePath" | "listen" | "version">,
): ServiceSettings {
  const { passivePorts, masquerade, maxConnections, maxPerHost, runAs, standardPorts = false, listen = [] } = flags;
  refusePortsBesideStandard(flags);
  const explicitPort = flags.explicitPort ?? (standardPorts ? 21 : 2121);
  const implicitPort = flags.implicitPort ?? (standardPorts ? 990 : 2990);
  if (explicitPort === "off" && implicitPort === "off") {
    throw usageError("Both ports are off: leave one of --explicit-port and --implicit-port on");
  }
  requireTwoPorts({ explicitPort, implicitPort });
  const clientCertificates = clientCertificateDemand(flags);
  const fxp = otherServers(flags);
  return {
    ...defaults,
    root,
    ...(flags.state !== undefined && { statePath: flags.state }),
    ...(listen.length > 0 && { listen }),
    explicitPort,
    implicitPort,
    requireTls: tlsRequirement(flags),
    dataResumption: flags.dataResumption,
    uncleanDataClose: flags.uncleanDataClose,
    durable: flags.durable === true,
    readOnly: flags.readOnly === true,
    anonymous: flags.anonymous === true,
    ccc: flags.allowCcc === true,
    ...(fxp && { fxp }),
    proxyProtocolFrom: flags.proxyProtocolFrom ?? [],
    minTlsVersion: flags.minTls === "1.3" ? "TLSv1.3" : "TLSv1.2",
    ...(clientCertificates && { clientCertificates }),
    ...(passivePorts && { passivePorts }),
    ...(masquerade !== undefined && { masquerade }),
    identities: identityFiles(flags),
    ...(maxConnections !== undefined && { connectionsMax: maxConnections }),
    ...(maxPerHost !== undefined && { connectionsPerHostMax: maxPerHost }),
    ...(runAs !== undefined && { runAs }),
    allowRoot: flags.allowRoot === true,
    graceMs: flags.grace * 1000,
  };
}

/**
 * Refuses one port for both modes.
 *
 * @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION.
 */
export function requireTwoPorts(ports: Pick<ServiceSettings, "explicitPort" | "implicitPort">): void {
  const { explicitPort, implicitPort } = ports;
  if (explicitPort !== implicitPort || explicitPort === 0 || explicitPort === "off") return;
  throw usageError(`--explicit-port and --implicit-port are both ${explicitPort}: give each a port of its own`);
}

function refusePortsBesideStandard({ standardPorts = false, explicitPort = "off", implicitPort = "off" }: ServeFlags) {
  if (!standardPorts || (explicitPort === "off" && implicitPort === "off")) return;
  const flag = explicitPort === "off" ? `--implicit-port ${implicitPort}` : `--explicit-port ${explicitPort}`;
  throw usageError(`--standard-ports and ${flag} contradict each other: leave one out`);
}

function identityFiles({ cert = [], key = [] }: ServeFlags): ServiceSettings["identities"] {
  if (cert.length !== key.length) {
    throw usageError(
      `--cert is given ${times(cert.length)} and --key ${times(key.length)}: give --key once for each --cert`,
    );
  }
  return cert.map((certificateFile, at) => ({ certificateFile, keyFile: key[at] ?? "" }));
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function tlsRequirement({ plain = false, requireTls }: ServeFlags): TlsRequirement {
  if (plain && requireTls !== undefined && requireTls !== "none") {
    throw usageError(`--plain and --require-tls ${requireTls} contradict each other: leave one out`);
  }
  return plain ? "none" : (requireTls ?? "login,data");
}

function clientCertificateDemand({ clientCa, clientCertificates }: ServeFlags): ServiceSettings["clientCertificates"] {
  if (clientCa !== undefined) return { demand: clientCertificates ?? "request", authoritiesFile: clientCa };
  if (clientCertificates === undefined) return undefined;
  throw usageError(
    `--client-certificates ${clientCertificates} needs the authorities of the certificates: give --client-ca`,
  );
}

function otherServers({ fxp = [], fxpCa }: ServeFlags): ServiceSettings["fxp"] {
  if (fxp.length > 0) return { addresses: fxp, ...(fxpCa !== undefined && { authoritiesFile: fxpCa }) };
  if (fxpCa === undefined) return undefined;
  throw usageError("--fxp-ca is for transfers between servers: give --fxp ADDRESS as well");
}

function usageError(message: string): UsageError {
  return new UsageError("SALLYPORT_USAGE_CONTRADICTION", `${message}.`);
}
