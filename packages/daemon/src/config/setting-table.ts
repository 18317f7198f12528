import { notifiedKinds } from "../events/notify-settings.ts";
import { kerberosSettings } from "./kerberos-settings.ts";
import type { SettingKind, ValueOfKind } from "./setting-kinds.ts";
import type { Setting } from "./setting.ts";

const tlsRequirements = ["login,data", "login", "data", "none"] as const;
const dataResumptions = ["off", "offer", "adaptive", "require"] as const;

function quantity(unit: "s" | "count", min: number, max: number) {
  return { is: "quantity", unit, min, max } as const;
}

/**
 * Every setting by its name, in the order of the documents. The name is the key in the file, with `--` before it the
 * flag, and in capitals behind `SALLYPORT_SERVE_` the environment variable.
 */
export const settings = {
  root: {
    kind: { is: "path" },
    defaultText: "none; it has to be given",
    changes: "restart",
    meaning: "Directory that is served; on the command line the word after `serve`",
  },
  state: {
    kind: { is: "path" },
    defaultText: "~/.local/state/sallyport, for root /var/lib/sallyport",
    changes: "restart",
    placeholder: "DIR",
    meaning: "Directory of certificates and accounts",
  },
  listen: {
    kind: { is: "address" },
    many: true,
    defaultText: "all",
    changes: "restart",
    placeholder: "ADDRESS",
    meaning: "Address to listen on, can be given several times",
  },
  "explicit-port": {
    kind: { is: "port" },
    default: 2121,
    changes: "restart",
    placeholder: "PORT",
    meaning: "Port for FTP with AUTH TLS, or off",
  },
  "implicit-port": {
    kind: { is: "port" },
    default: 2990,
    changes: "restart",
    placeholder: "PORT",
    meaning: "Port for TLS from the first octet, or off",
  },
  "run-as": {
    kind: { is: "text" },
    changes: "restart",
    placeholder: "NAME",
    meaning: "User that root becomes after it has bound the ports",
  },
  "allow-root": {
    kind: { is: "switch" },
    default: false,
    changes: "restart",
    meaning: "Serve as root all the same",
  },
  "require-tls": {
    kind: { is: "choice", values: tlsRequirements },
    default: "login,data",
    changes: "live",
    ofListener: true,
    meaning: "Where TLS is demanded",
  },
  "data-resumption": {
    kind: { is: "choice", values: dataResumptions },
    default: "adaptive",
    changes: "live",
    ofListener: true,
    meaning: "Whether data connections must resume the TLS of their control connection",
  },
  "unclean-data-close": {
    kind: { is: "choice", values: ["refuse", "accept"] },
    default: "refuse",
    changes: "live",
    ofListener: true,
    meaning: "What an upload means that ends without close_notify",
  },
  "proxy-protocol-from": {
    kind: { is: "address" },
    many: true,
    default: [],
    changes: "live",
    ofListener: true,
    placeholder: "ADDRESS",
    meaning: "Proxy whose PROXY protocol header tells the client's address",
  },
  durable: {
    kind: { is: "switch" },
    default: false,
    changes: "restart",
    meaning: "Flush uploads to the disk before they are acknowledged",
  },
  "passive-ports": {
    kind: { is: "port-range" },
    defaultText: "any",
    changes: "restart",
    placeholder: "FIRST-LAST",
    meaning: "Ports for passive data connections, as in 50000-50999",
  },
  masquerade: {
    kind: { is: "ipv4-address" },
    changes: "live",
    placeholder: "ADDRESS",
    meaning: "Public address to name in reply 227 behind NAT",
  },
  active: {
    kind: { is: "switch" },
    default: true,
    changes: "live",
    meaning: "Answer PORT and EPRT; false refuses active mode with 502",
  },
  cert: {
    kind: { is: "path" },
    many: true,
    default: [],
    changes: "live",
    placeholder: "FILE",
    meaning: "Certificate chain in PEM; several, each with its key, are chosen by host name",
  },
  key: {
    kind: { is: "path" },
    many: true,
    default: [],
    changes: "live",
    placeholder: "FILE",
    meaning: "Private key in PEM of the certificate in the same place of `cert`",
  },
  "min-tls": {
    kind: { is: "choice", values: ["1.2", "1.3"] },
    default: "1.2",
    changes: "live",
    meaning: "Lowest version of TLS",
  },
  "client-ca": {
    kind: { is: "path" },
    changes: "live",
    placeholder: "FILE",
    meaning: "Authorities of client certificates in PEM; turns them on",
  },
  "client-certificates": {
    kind: { is: "choice", values: ["request", "require"] },
    defaultText: "request where client-ca is given",
    changes: "live",
    meaning: "With client-ca: whether clients may or must show a certificate",
  },
  ...kerberosSettings,
  workers: {
    kind: quantity("count", 1, 256),
    defaultText: "as many as there are cores",
    changes: "restart",
    placeholder: "N",
    meaning: "Processes that serve; with one there is no other",
  },
  "max-connections": {
    kind: quantity("count", 1, 1_000_000),
    defaultText: "2000",
    changes: "live",
    limit: "connectionsCount",
    placeholder: "N",
    meaning: "Connections in all",
  },
  "max-per-host": {
    kind: quantity("count", 1, 1_000_000),
    defaultText: "50",
    changes: "live",
    limit: "connectionsPerHostCount",
    placeholder: "N",
    meaning: "Connections from one address",
  },
  "read-only": {
    kind: { is: "switch" },
    default: false,
    changes: "live",
    meaning: "Allow listing and downloading alone",
  },
  anonymous: {
    kind: { is: "switch" },
    default: false,
    changes: "live",
    meaning: "Let anybody in as anonymous, to list and download",
  },
  "allow-ccc": {
    kind: { is: "switch" },
    default: false,
    changes: "live",
    meaning: "Let control connections go back to clear text after the login (CCC)",
  },
  "allow-symbolic-links": {
    kind: { is: "switch" },
    default: false,
    changes: "live",
    meaning: "Let logins make symbolic links (SITE SYMLINK)",
  },
  fxp: {
    kind: { is: "address" },
    many: true,
    default: [],
    changes: "live",
    placeholder: "ADDRESS",
    meaning: "Another server to and from which clients may start transfers (FXP)",
  },
  "fxp-ca": {
    kind: { is: "path" },
    changes: "live",
    placeholder: "FILE",
    meaning: "With fxp: authorities of the other servers in PEM, for transfers under TLS between servers",
  },
  notify: {
    kind: { is: "text" },
    many: true,
    default: [],
    changes: "restart",
    secret: true,
    placeholder: "TARGET",
    meaning: "Program (absolute path) or webhook (https URL) to tell of events, can be given several times",
  },
  "notify-events": {
    kind: { is: "choice", values: notifiedKinds },
    many: true,
    default: ["published"],
    defaultText: "published",
    changes: "restart",
    meaning: "With notify: of which events, with commas between",
  },
  "notify-secret-file": {
    kind: { is: "path" },
    changes: "restart",
    placeholder: "FILE",
    meaning: "With notify: file with the secret that webhooks are signed with; read again by SIGHUP",
  },
  "notify-ca": {
    kind: { is: "path" },
    changes: "restart",
    placeholder: "FILE",
    meaning: "With notify: authorities of webhooks' certificates in PEM, in place of the usual ones",
  },
  "notify-plain-http": {
    kind: { is: "switch" },
    default: false,
    changes: "restart",
    meaning: "With notify: let webhooks go over http to other machines",
  },
  greeting: {
    kind: { is: "line" },
    default: "FTP server ready.",
    changes: "live",
    placeholder: "TEXT",
    meaning: "Text of the first reply; strangers read it, so that it should name neither product nor version",
  },
  hosts: {
    kind: { is: "host-name" },
    many: true,
    defaultText: "every name",
    changes: "live",
    placeholder: "NAME",
    meaning: "Host names that HOST may ask for",
  },
  "strict-line-ends": {
    kind: { is: "switch" },
    default: false,
    changes: "live",
    meaning: "Take CR LF alone as the end of a command, and not a bare LF",
  },
  "strict-protection-order": {
    kind: { is: "switch" },
    default: false,
    changes: "live",
    meaning: "Answer 503 to PROT without PBSZ before it",
  },
  grace: {
    kind: quantity("s", 1, 1_000_000),
    default: 5,
    changes: "live",
    placeholder: "SECONDS",
    meaning: "Time that running transfers have when the server is told to stop",
  },
  log: {
    kind: { is: "path" },
    changes: "restart",
    placeholder: "FILE",
    meaning: "Append the log to a file, which SIGUSR1 opens anew, instead of standard output",
  },
  xferlog: {
    kind: { is: "path" },
    changes: "restart",
    placeholder: "FILE",
    meaning: "Write a transfer log in xferlog format",
  },
  json: { kind: { is: "switch" }, default: false, changes: "restart", meaning: "Write the log as JSON" },
  verbose: {
    kind: { is: "switch" },
    default: false,
    changes: "restart",
    meaning: "Log the protocol too, with secrets masked",
  },
  quiet: { kind: { is: "switch" }, default: false, changes: "restart", meaning: "Log warnings and errors alone" },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** All settings as rows, the same for each. */
export const settingRows: Readonly<Record<SettingName, Setting>> = { ...settings };

export const settingNames = Object.keys(settings) as readonly SettingName[];

/** What of a `[[listener]]` is not a setting of the same name. */
export const listenerSettings = {
  mode: {
    kind: { is: "choice", values: ["explicit", "implicit"] },
    defaultText: "none; it has to be given",
    changes: "restart",
    meaning: "How TLS begins: after AUTH, or with the first octet",
  },
  address: {
    kind: { is: "address" },
    defaultText: "all",
    changes: "restart",
    meaning: "Address to listen on",
  },
  port: {
    kind: { is: "bound-port" },
    defaultText: "2121 or 2990, by mode",
    changes: "restart",
    meaning: "Port to listen on",
  },
} as const satisfies Record<string, Setting>;

export type ListenerSettingName = keyof typeof listenerSettings | NamesWith<"ofListener">;

/** Everything that a `[[listener]]` can say. */
export const listenerRows: Readonly<Record<ListenerSettingName, Setting>> = {
  ...listenerSettings,
  "require-tls": settings["require-tls"],
  "data-resumption": settings["data-resumption"],
  "unclean-data-close": settings["unclean-data-close"],
  "proxy-protocol-from": settings["proxy-protocol-from"],
  "gssapi-login": settings["gssapi-login"],
};

type NamesWith<Property extends string> = {
  [Name in SettingName]: (typeof settings)[Name] extends Readonly<Record<Property, true>> ? Name : never;
}[SettingName];

type ValueOf<Row> = Row extends { readonly many: true; readonly kind: infer Kind extends SettingKind }
  ? readonly ValueOfKind<Kind>[]
  : Row extends { readonly kind: infer Kind extends SettingKind }
    ? ValueOfKind<Kind>
    : never;

/** Values by name; what has no default may be absent. */
export type SettingValues = {
  readonly [
    Name in SettingName as (typeof settings)[Name] extends { readonly default: unknown } ? Name : never
  ]: ValueOf<(typeof settings)[Name]>;
} & {
  readonly [
    Name in SettingName as (typeof settings)[Name] extends { readonly default: unknown } ? never : Name
  ]?: ValueOf<(typeof settings)[Name]>;
};

/** The values of one `[[listener]]`. */
export type ListenerValues = {
  readonly [Name in ListenerSettingName]?: ValueOf<
    Name extends keyof typeof listenerSettings
      ? (typeof listenerSettings)[Name]
      : Name extends SettingName
        ? (typeof settings)[Name]
        : never
  >;
};

/** The environment variable of a setting. */
export function environmentName(name: string): string {
  return `SALLYPORT_SERVE_${name
    .replaceAll(/[A-Z]/g, (letter) => `-${letter}`)
    .replaceAll("-", "_")
    .toUpperCase()}`;
}
