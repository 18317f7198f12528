import { buildCommand, type CommandContext } from "@stricli/core";
import type { ServiceSettings } from "@sallyport/daemon";
import { UsageError } from "@sallyport/protocol";
import type { DataResumption, TlsRequirement, UncleanDataClose } from "@sallyport/server/accounts";
import { dataResumptions, tlsRequirements, uncleanDataCloses } from "../account-flags.ts";
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
} from "../flags.ts";
import { packageVersion } from "../version.ts";

/** What `serve` can be told; `start` takes some of it. */
interface ServeFlags extends CommonFlags {
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
  readonly xferlog?: string;
  readonly grace: number;
  readonly quiet?: boolean;
}

export const serveCommand = buildCommand({
  docs: {
    brief: "Serve a directory over FTPS, explicit and implicit",
    fullDescription: [
      "Serves DIR over FTPS in both modes, with TLS required for login and data unless told otherwise.",
      "Add accounts with sallyport user add. SIGTERM and SIGINT stop it: the first lets transfers end, a second cuts",
      "them. SIGHUP reads certificates anew, SIGUSR1 opens the transfer log anew.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "The directory to serve", placeholder: "DIR", parse: parseText }],
    },
    flags: {
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
        default: "10",
      },
      quiet: switchFlag("Log warnings and errors alone"),
    },
  },
  async func(this: CommandContext, flags: ServeFlags, root: string) {
    const identities = identityFiles(flags);
    const requireTls = tlsRequirement(flags);
    const { defaultStatePath, EventLog, everyAddress, serveUntilSignal, Service } = await import("@sallyport/daemon");
    const { json = false, verbose: transcript = false, quiet = false, xferlog, listen = [] } = flags;
    const { passivePorts, masquerade, maxConnections, maxPerHost, runAs, standardPorts = false } = flags;
    const settings: ServiceSettings = {
      root,
      statePath: flags.state ?? defaultStatePath(process.env),
      listen: listen.length === 0 ? everyAddress() : listen,
      explicitPort: flags.explicitPort ?? (standardPorts ? 21 : 2121),
      implicitPort: flags.implicitPort ?? (standardPorts ? 990 : 2990),
      requireTls,
      dataResumption: flags.dataResumption,
      uncleanDataClose: flags.uncleanDataClose,
      durable: flags.durable === true,
      readOnly: flags.readOnly === true,
      ...(passivePorts && { passivePorts }),
      ...(masquerade !== undefined && { masquerade }),
      identities,
      ...(maxConnections !== undefined && { connectionsMax: maxConnections }),
      ...(maxPerHost !== undefined && { connectionsPerHostMax: maxPerHost }),
      ...(runAs !== undefined && { runAs }),
      allowRoot: flags.allowRoot === true,
      graceMs: flags.grace * 1000,
      version: packageVersion(),
    };
    if (settings.explicitPort === "off" && settings.implicitPort === "off") {
      throw usageError("Both ports are off: leave one of --explicit-port and --implicit-port on");
    }
    await using log = new EventLog({ json, transcript, quiet, ...(xferlog !== undefined && { xferlog }) });
    const service = await Service.start(settings, log);
    await serveUntilSignal(service, log);
  },
});

function identityFiles({ cert = [], key = [] }: ServeFlags): ServiceSettings["identities"] {
  if (cert.length !== key.length) {
    throw usageError(`There are ${cert.length} certificates and ${key.length} keys: give --key once for each --cert`);
  }
  return cert.map((certificateFile, at) => ({ certificateFile, keyFile: key[at] ?? "" }));
}

function tlsRequirement({ plain = false, requireTls }: ServeFlags): TlsRequirement {
  if (plain && requireTls !== undefined && requireTls !== "none") {
    throw usageError(`--plain and --require-tls ${requireTls} contradict each other: leave one out`);
  }
  return plain ? "none" : (requireTls ?? "login,data");
}

function usageError(message: string): UsageError {
  return new UsageError("SALLYPORT_USAGE_CONTRADICTION", `${message}.`);
}
