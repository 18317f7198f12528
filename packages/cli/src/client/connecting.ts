import { readFileSync } from "node:fs";
import { hostMemoryFile, profileFile, type ClientOptions, type ConnectDecision, type FtpUrl } from "@sallyport/client";
import { ConfigError, escapeControls, UsageError } from "@sallyport/protocol";
import { defaultAuthorities, fileTrustStore } from "@sallyport/transport";
import type { ClientFlags } from "../client-flags.ts";
import { localAuthorities } from "../local-authorities.ts";
import { findCredentials, type PasswordSource } from "../login/credentials.ts";
import { kerberosOptions, ticketUser } from "../login/kerberos.ts";
import { unreadableFile } from "../unreadable-file.ts";
import { visibleText } from "../terminal/visible-text.ts";
import type { NamedPlace } from "./named-place.ts";
import { hostsPath, knownServersPath, profilesPath } from "./own-files.ts";
import { proveHooksOnce } from "./proved-hooks.ts";

/** What a command asks of its connections beyond the flags. */
export interface ConnectingNeeds {
  readonly connectionsMax: number;
  readonly signal: AbortSignal;
  /** Whether the place stood on the command line, where others see it; default yes. */
  readonly isExposed?: boolean;
  /** Where the password comes from, where that is not as usual. */
  readonly passwords?: PasswordSource;
  /** Absent where nobody wants to see dialogues. */
  readonly onTranscript?: NonNullable<ClientOptions["onTranscript"]>;
  /** Writes a line for a person. */
  say(line: string): void;
}

/** What the client library is told, of what the command line says. */
export async function clientOptions(
  { url, bookmark }: NamedPlace,
  flags: ClientFlags,
  needs: ConnectingNeeds,
): Promise<ClientOptions> {
  proveHooksOnce();
  const security = chosenSecurity(url, flags);
  const login = { ...url, isPasswordExposed: bookmark === undefined && needs.isExposed !== false };
  const kerberos = await kerberosOptions(flags);
  const defaultUser = ticketUser(flags);
  const credentials = await findCredentials(login, flags, {
    isPasswordNeeded: flags.cert === undefined && kerberos === undefined,
    ...(defaultUser !== undefined && { defaultUser }),
    ...(needs.passwords && { passwords: needs.passwords }),
  });
  const { ports, proxy, timeout, retries, timeZone, limitRate, compress, virtualHost, afterLogin } = flags;
  const active = flags.active ?? bookmark?.dataMode === "active";
  const encoding = flags.encoding ?? bookmark?.charset;
  if (ports !== undefined && !active) {
    throw new UsageError(
      "SALLYPORT_USAGE_CONTRADICTION",
      "--ports says where to wait for the server: give --active, too.",
    );
  }
  const timeoutMs = timeout === undefined ? undefined : timeout * 1000;
  return {
    ...credentials,
    ...kerberos,
    ...(security !== undefined && { security }),
    ...(security !== "plain" && { tls: await tlsWishes(flags) }),
    ...(active && { data: { mode: "active", ...(ports && { ports }) } }),
    ...(proxy !== undefined && { proxy }),
    ...(timeoutMs !== undefined && { timeouts: everyStep(timeoutMs) }),
    ...(retries !== undefined && { retry: { attempts: retries } }),
    ...(flags.clearControl === true && { clearControl: true }),
    ...(compress !== undefined && { compression: compress }),
    ...(virtualHost !== undefined && { virtualHost }),
    ...(afterLogin !== undefined && { afterLogin }),
    ...(encoding !== undefined && { encoding }),
    ...(limitRate !== undefined && { limitRate }),
    ...(timeZone !== undefined && { timeZone }),
    pool: { max: needs.connectionsMax },
    hosts: hostMemoryFile(hostsPath()),
    profiles: profileFile(profilesPath()),
    onDecision: (decision) => tellDecision(decision, flags, needs),
    signal: needs.signal,
    ...(needs.onTranscript && { onTranscript: needs.onTranscript }),
  };
}

/** What was decided without being asked; only what is unusual is told unasked. */
function tellDecision(decision: ConnectDecision, { verbose, quiet }: ClientFlags, { say }: ConnectingNeeds): void {
  if (decision.kind === "plain-though-tls" && quiet !== true) {
    say(`sallyport: WARNING: ${visibleText(decision.warning.message)}`);
  }
  if (decision.kind === "clear-control" && quiet !== true) {
    say(
      decision.accepted
        ? "sallyport: WARNING: --clear-control: whoever is in between reads commands and names from here on, and can change them."
        : "sallyport: The server refuses to go on in clear; commands stay protected.",
    );
  }
  if (verbose !== true) return;
  if (decision.kind === "security") {
    const security = decision.security === "gssapi" ? "Kerberos (GSSAPI)" : decision.security;
    say(`Security: ${security}, on port ${decision.port}.`);
  }
  if (decision.kind === "older-tls")
    say(`Data connections are refused in TLS 1.3 (${visibleText(decision.because)}): TLS 1.2 is used, and remembered.`);
  if (decision.kind === "small-hello")
    say("The server did not take the large ClientHello: asked again with a small one.");
}

const switches = ["explicit", "implicit", "plain"] as const;

function chosenSecurity(url: FtpUrl, flags: ClientFlags): ClientOptions["security"] {
  const [chosen, ...others] = switches.filter((name) => flags[name] === true);
  const [other] = others;
  if (chosen !== undefined && other !== undefined) {
    throw new UsageError(
      "SALLYPORT_USAGE_CONTRADICTION",
      `--${chosen} and --${other} contradict each other: leave one out.`,
    );
  }
  if (flags.gssapi === true) return chosenWithKerberos(url, chosen);
  if (chosen === undefined) return undefined;
  const ofScheme = { ftp: undefined, ftps: "implicit", ftpes: "explicit" }[url.scheme];
  if (ofScheme !== undefined && ofScheme !== chosen) {
    throw new UsageError(
      "SALLYPORT_USAGE_CONTRADICTION",
      `The URL begins with ${url.scheme}://, which means --${ofScheme}, not --${chosen}: write ftp:// or leave the flag out.`,
    );
  }
  return chosen;
}

/** It begins in clear as explicit TLS does, and there is no other way. */
function chosenWithKerberos(url: FtpUrl, chosen: (typeof switches)[number] | undefined): "explicit" {
  if (chosen === undefined && url.scheme === "ftp") return "explicit";
  const given = chosen === undefined ? `${url.scheme}://` : `--${chosen}`;
  throw new UsageError(
    "SALLYPORT_USAGE_CONTRADICTION",
    `--gssapi has Kerberos protect the connection, and ${given} something else: leave one out.`,
  );
}

async function tlsWishes(flags: ClientFlags): Promise<NonNullable<ClientOptions["tls"]>> {
  const { ca, pin, trustOnFirstUse, insecure, cert, key, servername } = flags;
  if (cert === undefined && key !== undefined) {
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", "--key belongs to a certificate: give --cert, too.");
  }
  if (insecure === true && flags.quiet !== true) warnInsecure();
  const trusted = ca === undefined ? await usualAuthorities(flags.state) : pem(ca, "CERTIFICATE");
  return {
    ...(trusted !== undefined && { ca: trusted }),
    ...(pin !== undefined && pin.length > 0 && { pins: pin }),
    ...(trustOnFirstUse === true && { tofu: fileTrustStore(knownServersPath()) }),
    ...(insecure === true && { insecure }),
    ...(cert !== undefined && { cert: pem(cert, "CERTIFICATE"), key: pem(key ?? cert, "PRIVATE KEY") }),
    ...(servername !== undefined && { servername }),
  };
}

let isWarned = false;

function warnInsecure(): void {
  if (isWarned) return;
  isWarned = true;
  process.stderr.write(
    "sallyport: WARNING: --insecure: whoever is between here and the server can read the password and every file, and change them.\n",
  );
}

/** Those of the system; and where servers of this machine have authorities of their own, those, too. */
async function usualAuthorities(state: string | undefined): Promise<readonly string[] | undefined> {
  const own = localAuthorities(state);
  return own === "" ? undefined : [...(await defaultAuthorities()), own];
}

function pem(path: string, kind: "CERTIFICATE" | "PRIVATE KEY"): string {
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch (error) {
    throw unreadableFile(escapeControls(path), error);
  }
  if (text.includes("-----BEGIN ") && text.includes(`${kind}-----`)) return text;
  const what = kind === "CERTIFICATE" ? "certificate" : "private key";
  throw new ConfigError("SALLYPORT_CERTIFICATE_UNREADABLE", `${escapeControls(path)} holds no ${what} in PEM form.`);
}

function everyStep(timeoutMs: number): NonNullable<ClientOptions["timeouts"]> {
  return {
    connect: timeoutMs,
    greeting: timeoutMs,
    handshake: timeoutMs,
    command: timeoutMs,
    dataOpen: timeoutMs,
    dataIdle: timeoutMs,
    completion: timeoutMs,
  };
}
