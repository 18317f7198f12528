import { buildCommand, type CommandContext } from "@stricli/core";
import type { EventLog, Service, ServiceSettings } from "@sallyport/daemon";
import { UsageError } from "@sallyport/protocol";
import { banner, type DemoFacts } from "../banner.ts";
import { startDemoWeb } from "../demo-web.ts";
import {
  commonFlags,
  parseAddress,
  parseIpv4Address,
  parsePortOrOff,
  parsePortRange,
  parseText,
  switchFlag,
  type CommonFlags,
  type PortRange,
} from "../flags.ts";
import { failureText } from "../failure.ts";
import { requireTwoPorts } from "../two-ports.ts";
import { packageVersion } from "../version.ts";
import { webListeningFailure } from "../web-listening-failure.ts";

interface StartFlags extends CommonFlags {
  readonly listen?: readonly string[];
  readonly explicitPort: number | "off";
  readonly implicitPort: number | "off";
  readonly webPort?: number | "off";
  readonly runAs?: string;
  readonly public?: boolean;
  readonly files?: string;
  readonly masquerade?: string;
  readonly passivePorts?: PortRange;
  readonly cert?: string;
  readonly key?: string;
  readonly quiet?: boolean;
}

export const startCommand = buildCommand({
  docs: {
    brief: "Serve with a demo account and embedded defaults, and print how to connect",
    fullDescription: [
      "Serves a directory of its own in both modes on this machine alone, makes a certificate and an account with a",
      "generated password, and prints lines to paste. An online client for this machine's browsers is there as well. To serve your own files to others, see sallyport serve.",
      "",
      "With --public the server is fit to be tried by strangers: it listens on all addresses, shows its credentials in",
      "the greeting, lets everything be read and a small area in memory be written, of which each address sees its own",
      "for half an hour, and holds everybody to tight limits.",
    ].join("\n"),
  },
  parameters: {
    flags: {
      ...commonFlags,
      state: {
        ...commonFlags.state,
        brief:
          "Directory of certificates and accounts (default: ~/.local/state/sallyport-demo, for root /var/lib/sallyport-demo; with --public -public for -demo)",
      },
      listen: {
        kind: "parsed",
        parse: parseAddress,
        brief: "Address to listen on, can be given several times (default: 127.0.0.1 and ::1, with --public all)",
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
      webPort: {
        kind: "parsed",
        parse: parsePortOrOff,
        brief: "Port for the online client, on 127.0.0.1 alone, or off (default: 8080, another where it is in use)",
        placeholder: "PORT",
        optional: true,
      },
      runAs: { kind: "parsed", parse: parseText, brief: "User that root becomes", placeholder: "NAME", optional: true },
      public: switchFlag("Serve strangers: credentials in the greeting, files read-only, a write area that resets"),
      files: {
        kind: "parsed",
        parse: parseText,
        brief: "With --public: directory to show (default: samples)",
        placeholder: "DIR",
        optional: true,
      },
      masquerade: {
        kind: "parsed",
        parse: parseIpv4Address,
        brief: "With --public: address to name in reply 227 behind NAT",
        placeholder: "ADDRESS",
        optional: true,
      },
      passivePorts: {
        kind: "parsed",
        parse: parsePortRange,
        brief: "With --public: ports for passive data connections (default: any)",
        placeholder: "FIRST-LAST",
        optional: true,
      },
      cert: {
        kind: "parsed",
        parse: parseText,
        brief: "With --public: certificate chain in PEM (default: one of a local authority)",
        placeholder: "FILE",
        optional: true,
      },
      key: {
        kind: "parsed",
        parse: parseText,
        brief: "With --public: private key of --cert in PEM",
        placeholder: "FILE",
        optional: true,
      },
      quiet: switchFlag("Log warnings and errors alone"),
    },
  },
  async func(this: CommandContext, flags: StartFlags) {
    const daemon = await import("@sallyport/daemon");
    refuseWithoutPublic(flags);
    const { json = false, verbose: transcript = false, quiet = false, listen: given = [] } = flags;
    const everywhere = flags.public === true;
    const usual = everywhere ? daemon.everyAddress() : daemon.loopbackAddresses();
    const listen = given.length === 0 ? usual : given;
    const endpoints = { listen, explicitPort: flags.explicitPort, implicitPort: flags.implicitPort };
    requireTwoPorts(endpoints);
    const policy = {
      ...embeddedDefaults,
      ...(everywhere && { ...daemon.publicSettings, ...publicPlace(flags) }),
      ...(flags.runAs !== undefined && { runAs: flags.runAs }),
    };
    daemon.checkServiceUser(policy);
    await daemon.tryPorts(endpoints);
    const ownState = `${daemon.defaultStatePath(process.env)}-${everywhere ? "public" : "demo"}`;
    const state = daemon.prepareStateDirectory(flags.state ?? ownState);
    const account = await (everywhere ? daemon.preparePublicDemo(state) : daemon.prepareDemo(state));
    await using log = new daemon.EventLog({ json, transcript, quiet });
    const root = flags.files ?? state.demoFiles;
    const places = { root, statePath: state.path, version: packageVersion() };
    if (flags.runAs !== undefined && flags.webPort !== "off" && !everywhere) await preparePage();
    const service = await daemon.Service.start({ ...policy, ...endpoints, ...places }, log);
    const authority = flags.cert === undefined ? { authority: daemon.certificatePaths(state.tls).authority } : {};
    const reached = reachedAt(service, flags.masquerade === undefined ? listen : [flags.masquerade]);
    await using web = await startWeb(flags, authority.authority, log);
    const facts = { ...reached, ...authority, files: root, ...(web && { web: web.url }) };
    if (json) {
      const { name: demoAccount } = account;
      const secret = everywhere ? {} : { passwordFile: state.demoPassword };
      log.onEvent({ atMs: Date.now(), kind: "demo-ready", ...facts, demoAccount, ...secret });
    } else {
      const colours = process.stdout.isTTY && process.stdout.hasColors();
      log.page(banner({ ...facts, ...account, version: places.version }, { colours }));
    }
    await daemon.serveUntilSignal(service, log);
  },
});

/**
 * Strangers' servers have none: their passwords would go to it in clear. The server is there without it, too, unless its
 * port was named.
 */
async function startWeb({ webPort, public: isPublic }: StartFlags, authority: string | undefined, log: EventLog) {
  if (webPort === "off" || isPublic === true || authority === undefined) return undefined;
  const onFailure = (error: unknown): void => void process.stderr.write(`${failureText(error, false)}\n`);
  return startDemoWeb({ port: webPort, authority, onFailure }).catch(async (error: unknown) => {
    const at = { listen: "127.0.0.1", port: webPort ?? 0, flag: "--web-port" };
    if (webPort !== undefined) throw await webListeningFailure(error, at);
    const [why] = (error instanceof Error ? error.message : String(error)).split("\n");
    const cause = `the online client did not start: ${why}`;
    log.onEvent({ atMs: Date.now(), kind: "service-warning", cause, fix: "start it with sallyport web" });
    return undefined;
  });
}

/** In a checkout the page is made of its sources, which the user that root becomes may not be able to. */
async function preparePage(): Promise<void> {
  const web = await import("@sallyport/web");
  await web.preparePage().catch(() => {});
}

/** What is only of use, or only safe to ask for, where strangers come. */
const publicFlags = ["files", "masquerade", "passivePorts", "cert", "key"] as const;

/** @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION. */
function refuseWithoutPublic(flags: StartFlags): void {
  const given = publicFlags.find((flag) => flags[flag] !== undefined);
  if (given !== undefined && flags.public !== true) {
    const word = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(
      "SALLYPORT_USAGE_CONTRADICTION",
      `--${word} is for strangers' servers: give --public as well, or use sallyport serve.`,
    );
  }
  if (flags.public === true && typeof flags.webPort === "number") {
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", "--web-port is for this machine alone: use sallyport web.");
  }
  if ((flags.cert === undefined) !== (flags.key === undefined)) {
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", "--cert and --key belong together: give both or neither.");
  }
}

/** What strangers' servers can be told. */
function publicPlace({
  masquerade,
  passivePorts,
  cert,
  key,
}: StartFlags): Pick<ServiceSettings, "masquerade" | "passivePorts" | "identities"> {
  return {
    ...(masquerade !== undefined && { masquerade }),
    ...(passivePorts !== undefined && { passivePorts }),
    identities: cert === undefined || key === undefined ? [] : [{ certificateFile: cert, keyFile: key }],
  };
}

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
