import { buildCommand, type CommandContext } from "@stricli/core";
import type { Service } from "@sallyport/daemon";
import { banner, type DemoFacts } from "../banner.ts";
import { commonFlags, parseAddress, parsePortOrOff, parseText, switchFlag, type CommonFlags } from "../flags.ts";
import { requireTwoPorts } from "../serve-flags.ts";
import { packageVersion } from "../version.ts";

interface StartFlags extends CommonFlags {
  readonly listen?: readonly string[];
  readonly explicitPort: number | "off";
  readonly implicitPort: number | "off";
  readonly runAs?: string;
  readonly quiet?: boolean;
}

export const startCommand = buildCommand({
  docs: {
    brief: "Serve with a demo account and embedded defaults, and print how to connect",
    fullDescription: [
      "Serves a directory of its own in both modes on this machine alone, makes a certificate and an account with a",
      "generated password, and prints lines to paste. To serve your own files to others, see sallyport serve.",
    ].join("\n"),
  },
  parameters: {
    flags: {
      ...commonFlags,
      listen: {
        kind: "parsed",
        parse: parseAddress,
        brief: "Address to listen on, can be given several times (default: 127.0.0.1 and ::1)",
        placeholder: "ADDRESS",
        variadic: true,
        optional: true,
      },
      explicitPort: {
        kind: "parsed",
        parse: parsePortOrOff,
        brief: "Port for FTP with AUTH TLS, or off",
        placeholder: "PORT",
        default: "2121",
      },
      implicitPort: {
        kind: "parsed",
        parse: parsePortOrOff,
        brief: "Port for TLS from the first octet, or off",
        placeholder: "PORT",
        default: "2990",
      },
      runAs: { kind: "parsed", parse: parseText, brief: "User that root becomes", placeholder: "NAME", optional: true },
      quiet: switchFlag("Log warnings and errors alone"),
    },
  },
  async func(this: CommandContext, flags: StartFlags) {
    const daemon = await import("@sallyport/daemon");
    const { json = false, verbose: transcript = false, quiet = false, listen: given = [], runAs } = flags;
    const listen = given.length === 0 ? daemon.loopbackAddresses() : given;
    const endpoints = { listen, explicitPort: flags.explicitPort, implicitPort: flags.implicitPort };
    requireTwoPorts(endpoints);
    await daemon.tryPorts(endpoints);
    const state = daemon.prepareStateDirectory(flags.state ?? `${daemon.defaultStatePath(process.env)}-demo`);
    const account = await daemon.prepareDemo(state);
    await using log = new daemon.EventLog({ json, transcript, quiet });
    const places = { root: state.demoFiles, statePath: state.path, version: packageVersion() };
    const settings = { ...embeddedDefaults, ...endpoints, ...places, ...(runAs !== undefined && { runAs }) };
    const service = await daemon.Service.start(settings, log);
    const { authority } = daemon.certificatePaths(state.tls);
    const facts = { ...reachedAt(service, listen), authority, files: state.demoFiles };
    if (json) {
      const { name: demoAccount } = account;
      log.onEvent({ atMs: Date.now(), kind: "demo-ready", ...facts, demoAccount, passwordFile: state.demoPassword });
    } else {
      const colours = process.stdout.isTTY && process.stdout.hasColors();
      log.page(banner({ ...facts, ...account, version: places.version }, { colours }));
    }
    await daemon.serveUntilSignal(service, log);
  },
});

function reachedAt(
  { addresses }: Service,
  listen: readonly string[],
): Pick<DemoFacts, "host" | "explicitPort" | "implicitPort"> {
  const portOf = (mode: string) => addresses.find(({ tlsMode }) => tlsMode === mode)?.port;
  const loopback = listen.some((address) => ["127.0.0.1", "::1", "0.0.0.0", "::"].includes(address));
  const [first = "localhost"] = listen;
  const named = first.includes(":") ? `[${first}]` : first;
  return { host: loopback ? "localhost" : named, explicitPort: portOf("explicit"), implicitPort: portOf("implicit") };
}

const embeddedDefaults = {
  requireTls: "login,data",
  dataResumption: "adaptive",
  uncleanDataClose: "refuse",
  durable: false,
  readOnly: false,
  identities: [],
  anonymous: false,
  ccc: false,
  proxyProtocolFrom: [],
  // What everybody tries first, on the loopback device alone: there is nothing here for root to lose but this demo.
  allowRoot: true,
  graceMs: 2000,
} as const;
