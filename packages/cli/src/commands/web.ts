import { once } from "node:events";
import { UsageError } from "@sallyport/protocol";
import type { GatewayOptions } from "@sallyport/web";
import { buildCommand, type CommandContext } from "@stricli/core";
import { failureText } from "../failure.ts";
import { commonFlags, parseAddress, parsePortOrOff, parseText, switchFlag, type CommonFlags } from "../flags.ts";
import { localAuthorities } from "../local-authorities.ts";
import { packageVersion } from "../version.ts";
import { ticketMechanism } from "../login/kerberos.ts";
import { webListeningFailure } from "../web-listening-failure.ts";

interface WebFlags extends CommonFlags {
  readonly listen: string;
  readonly port: number;
  readonly tls?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly behindProxy?: boolean;
  readonly publicUrl?: string;
  readonly allowTarget?: readonly string[];
  readonly onlyAllowed?: boolean;
  readonly allowPrivate?: boolean;
  readonly kerberos?: boolean;
}

export const webCommand = buildCommand({
  docs: {
    brief: "Serve the online client: any FTP or FTPS server in a browser",
    fullDescription: [
      "Serves a page on which a person names a server and manages its files. Listening on this machine alone, it leads to",
      "servers of this machine and of the internet; otherwise to those of the internet alone. --allow-target and",
      "--allow-private lead further.",
      "",
      "On an address that others reach it wants TLS, or a proxy in front that has it.",
    ].join("\n"),
  },
  parameters: {
    flags: {
      listen: {
        kind: "parsed",
        parse: parseAddress,
        brief: "Address to listen on",
        placeholder: "ADDRESS",
        default: "127.0.0.1",
      },
      port: { kind: "parsed", parse: parseWebPort, brief: "Port to listen on", placeholder: "PORT", default: "8080" },
      tls: switchFlag("Serve HTTPS, with the certificate of this machine's own authority"),
      cert: {
        kind: "parsed",
        parse: parseText,
        brief: "Serve HTTPS with this certificate chain in PEM",
        placeholder: "FILE",
        optional: true,
      },
      key: {
        kind: "parsed",
        parse: parseText,
        brief: "Private key of --cert in PEM",
        placeholder: "FILE",
        optional: true,
      },
      behindProxy: switchFlag("A proxy in front has TLS and says in X-Forwarded-For who asks"),
      publicUrl: {
        kind: "parsed",
        parse: parsePublicUrl,
        brief: "What the browser's address bar shows, as in https://files.example.com",
        placeholder: "URL",
        optional: true,
      },
      allowTarget: {
        kind: "parsed",
        parse: parseText,
        brief: "Server that may be reached wherever it is: host, *.domain, address or network, with :port or without",
        placeholder: "PATTERN",
        variadic: true,
        optional: true,
      },
      onlyAllowed: switchFlag("Let no other servers be reached than those of --allow-target"),
      allowPrivate: switchFlag("Let servers of private networks be reached"),
      kerberos: switchFlag("Let whoever reaches the page log in by the Kerberos ticket of this user (AUTH GSSAPI)"),
      ...commonFlags,
    },
  },
  async func(this: CommandContext, flags: WebFlags) {
    const { Gateway, isLoopback } = await import("@sallyport/web");
    refuseContradictions(flags, isLoopback(flags.listen));
    const tls = await identityOf(flags);
    const { listen, port, behindProxy, publicUrl, allowTarget, onlyAllowed, allowPrivate } = flags;
    await using gateway = await Gateway.start({
      listen,
      port,
      version: packageVersion(),
      ...(tls && { tls }),
      ...(publicUrl !== undefined && { publicUrl }),
      isBehindProxy: behindProxy === true,
      allowTargets: allowTarget ?? [],
      onlyAllowedTargets: onlyAllowed === true,
      allowPrivate: allowPrivate === true,
      ...(flags.kerberos === true && { kerberos: await ticketMechanism() }),
      authorities: localAuthorities(flags.state),
      onFailure: (error) => process.stderr.write(`${failureText(error, flags.verbose === true)}\n`),
    }).catch(async (error: unknown) => {
      throw await webListeningFailure(error, { listen, port, flag: "--port" });
    });
    const host = listen.includes(":") ? `[${listen}]` : listen;
    const url = publicUrl ?? `${tls === undefined ? "http" : "https"}://${host}:${gateway.port}/`;
    const line = flags.json === true ? JSON.stringify({ kind: "listening", url }) : `The online client: ${url}`;
    this.process.stdout.write(`${line}\n`);
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  },
});

/** @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION. */
function refuseContradictions(flags: WebFlags, isHere: boolean): void {
  const { tls, cert, key, behindProxy, publicUrl, onlyAllowed, kerberos, allowTarget = [] } = flags;
  const fail = (text: string): never => {
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", text);
  };
  const hasTls = tls === true || cert !== undefined;
  if ((cert === undefined) !== (key === undefined)) fail("--cert and --key belong together: give both or neither.");
  if (tls === true && cert !== undefined) fail("--tls makes a certificate, --cert brings one: give one of them.");
  if (!isHere && !hasTls && behindProxy !== true) {
    fail(`Passwords would go to ${flags.listen} in clear: give --tls, or --behind-proxy where a proxy has TLS.`);
  }
  if (behindProxy === true && publicUrl === undefined) fail("--behind-proxy needs --public-url, which browsers show.");
  if (kerberos === true && (!isHere || behindProxy === true) && onlyAllowed !== true) {
    fail(
      "--kerberos lends your ticket to whoever reaches the page: give --only-allowed, too, and the servers it is for.",
    );
  }
  if (onlyAllowed === true && allowTarget.length === 0) fail("--only-allowed needs --allow-target.");
}

async function identityOf({ tls, cert, key, state, listen }: WebFlags): Promise<GatewayOptions["tls"]> {
  if (tls !== true && cert === undefined) return undefined;
  const daemon = await import("@sallyport/daemon");
  if (cert !== undefined && key !== undefined) return daemon.readIdentity({ certificateFile: cert, keyFile: key });
  const place = daemon.prepareStateDirectory(state ?? daemon.defaultStatePath(process.env));
  const names = [daemon.parseCertificateName(listen)].filter((name) => name !== undefined);
  const certificates = await daemon.LocalCertificates.open(place.tls, { names, nowMs: Date.now() });
  return daemon.readIdentity(certificates.identityFiles);
}

function parseWebPort(text: string): number {
  const port = parsePortOrOff(text);
  if (port === "off") throw new Error("a port from 1 to 65535, or 0 for one that the system chooses");
  return port;
}

function parsePublicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isRoot = url !== undefined && url.pathname === "/" && url.search === "" && url.hash === "";
  if (!isRoot || !/^https?:$/.test(url.protocol))
    throw new Error("a URL without a path, as in https://files.example.com");
  return url.href;
}
