import { type Octets, displayOctets, escapeControls } from "@sallyport/protocol";
import type { ClientCertificate } from "@sallyport/transport";
import { durationText, rateText, sizeText } from "./quantities.ts";
import type { EventKind, EventOf, ServiceEvent } from "./service-event.ts";

export type Level = "debug" | "info" | "warn" | "error";

/** Whether what the event tells of could be read on the wire; it decides mark and colour. */
export type Readability = "clear" | "encrypted";

interface EventRow<Kind extends EventKind> {
  readonly level: Level | ((event: EventOf<Kind>) => Level);
  /** At most fourteen characters, and stable: filters match on it. */
  readonly label: string | ((event: EventOf<Kind>) => string);
  readonly text: (event: EventOf<Kind>) => string;
  readonly readability?: (event: EventOf<Kind>) => Readability | undefined;
}

/** How each event is shown. Texts from a peer go through {@link quoted}, paths through displayOctets (S-09). */
const eventTable: { readonly [Kind in EventKind]: EventRow<Kind> } = {
  "service-started": {
    level: "info",
    label: "started",
    text: ({ version, process, root, state, runAs }) =>
      `Sallyport ${version}, process ${process}${runAs === undefined ? "" : ` as ${runAs}`}, serves ${root}, state in ${state}`,
  },
  "demo-ready": {
    level: "info",
    label: "ready",
    text: ({ host, explicitPort, implicitPort, demoAccount, passwordFile }) =>
      `at ${host}, explicit port ${explicitPort ?? "off"}, implicit port ${implicitPort ?? "off"}, account ${demoAccount}, password in ${passwordFile ?? "the greeting"}`,
  },
  "service-warning": { level: "warn", label: "warning", text: ({ cause, fix }) => `${cause}; ${fix}` },
  "certificate-loaded": {
    level: "info",
    label: "certificate",
    text: ({ names, notAfter, fingerprint, pin }) =>
      `for ${names.join(", ") || "no name"}, valid to ${day(notAfter)}, key fingerprint ${pin}, certificate fingerprint (SHA-256) ${fingerprint}`,
  },
  "certificate-renewed": {
    level: ({ authorityReplaced }) => (authorityReplaced ? "warn" : "info"),
    label: "certificate",
    text: ({ notAfter, authorityReplaced }) =>
      `renewed, valid to ${day(notAfter)}${authorityReplaced ? "; the authority is new as well: give clients the new ca.pem" : ""}`,
  },
  "worker-started": {
    level: "info",
    label: "worker",
    text: ({ worker, process }) => `number ${worker} serves, process ${process}`,
  },
  "worker-ended": {
    level: "error",
    label: "worker ended",
    text: ({ worker, process, cause, connectionsCount, restartMs }) =>
      `number ${worker}, process ${process}: ${escapeControls(cause)}; ${connectionsCount} connections are broken, another starts ${restartMs === 0 ? "at once" : `in ${durationText(restartMs)}`}`,
  },
  "service-reloaded": {
    level: ({ needRestart }) => (needRestart.length === 0 ? "info" : "warn"),
    label: "reloaded",
    text: ({ changed, needRestart, endedCount, refreshedCount }) =>
      [
        "settings, certificates and accounts are read again",
        ...(changed.length === 0 ? [] : [`changed for new connections: ${changed.join(", ")}`]),
        ...(needRestart.length === 0 ? [] : [`waiting for a restart: ${needRestart.join(", ")}`]),
        ...(endedCount === 0 ? [] : [`logins ended: ${endedCount}`]),
        ...(refreshedCount === 0 ? [] : [`logins with other rights: ${refreshedCount}`]),
      ].join("; "),
  },
  "reload-failed": {
    level: "error",
    label: "reload failed",
    text: ({ cause }) => `${cause} What was loaded before stays in use`,
  },
  "service-stopping": { level: "info", label: "stopping", text: ({ cause }) => cause },
  "service-cut": {
    level: "warn",
    label: "cut",
    text: ({ cause }) => `${cause} came a second time: what still ran is cut`,
  },
  "service-stopped": { level: "info", label: "stopped", text: ({ durationMs }) => `after ${durationText(durationMs)}` },
  "log-failed": {
    level: "error",
    label: "log failed",
    text: ({ file, cause }) => `${file} cannot be written (${cause}); its lines are lost until it can`,
  },
  "log-recovered": {
    level: "warn",
    label: "log recovered",
    text: ({ file, linesLost }) => `${file} is written again; ${linesLost} lines are missing`,
  },
  "lines-left-out": {
    level: "warn",
    label: "left out",
    text: ({ linesCount, cause }) => `${linesCount} lines: ${cause}`,
  },
  "connection-shown": {
    level: "info",
    label: "now",
    text: (event) => shownText(event),
    readability: ({ tls, security }) => (tls === undefined && security?.isPrivate !== true ? "clear" : "encrypted"),
  },
  "connections-shown": {
    level: "info",
    label: "now",
    text: ({ connectionsCount, loginsCount, transfersCount }) =>
      `${connectionsCount} connected, ${loginsCount} logged in, ${transfersCount} transferring`,
  },
  "notify-unreachable": {
    level: "warn",
    label: "not notified",
    text: ({ target, cause, waiting }) =>
      `${target}: ${escapeControls(cause)}; it is tried again, ${waiting} ${waiting === 1 ? "event waits" : "events wait"}`,
  },
  "notify-reached": {
    level: "info",
    label: "notified again",
    text: ({ target, waiting }) => `${target}, ${waiting} ${waiting === 1 ? "event waits" : "events wait"}`,
  },
  "notify-postponed": {
    level: "warn",
    label: "not notified",
    text: ({ target, id, notified, cause, retryMs }) =>
      `${target} of ${notified} ${id}: ${escapeControls(cause)}; next attempt in ${durationText(retryMs)}`,
  },
  "notify-refused": {
    level: "error",
    label: "not notified",
    text: ({ target, id, notified, cause }) =>
      `${target} of ${notified} ${id}: ${escapeControls(cause)}; it is not tried again`,
  },
  "notify-given-up": {
    level: "error",
    label: "not notified",
    text: ({ target, count }) =>
      `${target} of ${count} ${count === 1 ? "event" : "events"}: tried for too long, given up`,
  },
  "notify-failed": {
    level: "error",
    label: "not notified",
    text: ({ target, cause }) => `${target}: ${escapeControls(cause)}`,
  },
  "notifications-dropped": {
    level: "error",
    label: "not notified",
    text: ({ count, cause }) =>
      `${count} ${count === 1 ? "event is" : "events are"} lost by now: ${escapeControls(cause)}`,
  },
  "listener-bound": {
    level: "info",
    label: "listening",
    text: ({ tlsMode, address, port }) => `${modeText[tlsMode]} on ${endpoint(address, port)}`,
    readability: ({ tlsMode }) => (tlsMode === "implicit" ? "encrypted" : "clear"),
  },
  "connection-refused": { level: "warn", label: "refused", text: ({ cause }) => escapeControls(cause) },
  "connection-opened": {
    level: "info",
    label: "connected",
    text: ({ tlsMode, localAddress, localPort, remotePort }) =>
      `from port ${remotePort} to ${endpoint(localAddress, localPort)}, ${modeText[tlsMode]}`,
    readability: ({ tlsMode }) => (tlsMode === "implicit" ? "encrypted" : "clear"),
  },
  "tls-established": {
    level: "info",
    label: "encrypted",
    text: ({ tls }) => tlsText(tls),
    readability: () => "encrypted",
  },
  "tls-failed": { level: "warn", label: "tls failed", text: ({ cause }) => escapeControls(cause) },
  "security-established": {
    level: "info",
    label: "kerberos",
    text: ({ mechanism, principal }) => `${mechanism}, ${escapeControls(principal)}`,
  },
  "security-failed": {
    level: "warn",
    label: "no kerberos",
    text: ({ mechanism, cause }) => `${mechanism}: ${escapeControls(cause)}`,
  },
  "address-banned": {
    level: "warn",
    label: "banned",
    text: ({ host, until, cause }) => `${host} until ${until.toISOString().slice(0, 19)}Z, ${escapeControls(cause)}`,
  },
  "address-forgiven": {
    level: "info",
    label: "forgiven",
    text: ({ host, wasBanned }) => `${host}, ${wasBanned ? "which was banned" : "which was not banned"}`,
  },
  "attack-suspected": { level: "warn", label: "attack", text: ({ cause }) => escapeControls(cause) },
  login: {
    level: "info",
    label: "login",
    text: ({ account, user, method }) =>
      `${escapeControls(account)} by ${method}${user === account ? "" : `, as ${quoted(user)}`}`,
  },
  "login-failed": {
    level: "warn",
    label: "login failed",
    text: ({ user, cause }) => `user ${quoted(user)}: ${escapeControls(cause)}`,
  },
  command: { level: "debug", label: "<", text: ({ line }) => displayOctets(line) },
  reply: { level: "debug", label: ">", text: ({ line }) => linesText(line) },
  "command-refused": {
    level: "warn",
    label: "refused",
    text: ({ verb, replyCode, cause }) => `${verb} ${replyCode}: ${escapeControls(cause)}`,
  },
  "data-connection-failed": {
    level: "warn",
    label: "data failed",
    text: ({ verb, replyCode, cause, fix }) => `${verb} ${replyCode}: ${escapeControls(cause)}; ${escapeControls(fix)}`,
  },
  transfer: {
    level: ({ complete }) => (complete ? "info" : "warn"),
    label: ({ direction, complete }) => (complete ? direction : `${direction} cut`),
    text: (event) => transferText(event),
    readability: ({ protectionLevel }) => (protectionLevel === "P" ? "encrypted" : "clear"),
  },
  "upload-digested": {
    level: "debug",
    label: "digest",
    text: ({ path, sha256, cause }) => `${displayOctets(path)}: ${sha256 ?? escapeControls(cause ?? "none")}`,
  },
  changed: {
    level: "info",
    label: "changed",
    text: ({ change, path, newPath }) =>
      `${changeText[change]} ${displayOctets(path)}${newPath === undefined ? "" : ` to ${displayOctets(newPath)}`}`,
  },
  "internal-error": {
    level: "error",
    label: "internal error",
    text: ({ incident, error }) => `incident ${incident}: ${escapeControls(errorText(error))}`,
  },
  "connection-closed": {
    level: "info",
    label: "closed",
    text: ({ cause, durationMs }) => `${escapeControls(cause)}, after ${durationText(durationMs)}`,
  },
};

/** Every kind of event, for the documents. */
export const eventKinds = Object.keys(eventTable) as readonly EventKind[];

/** An event as both kinds of log show it. */
export interface EventView {
  readonly level: Level;
  readonly label: string;
  readonly text: string;
  readonly readability: Readability | undefined;
}

export function viewOf(event: ServiceEvent): EventView {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table's type pairs each row with its event
  const row = eventTable[event.kind] as EventRow<EventKind>;
  return {
    level: typeof row.level === "string" ? row.level : row.level(event),
    label: typeof row.label === "string" ? row.label : row.label(event),
    text: whose(event) + row.text(event),
    readability: row.readability?.(event),
  };
}

/** Whose transfers and changes they are. */
function whose(event: ServiceEvent): string {
  if (!("account" in event) || event.account === undefined || !accountsDeeds.has(event.kind)) return "";
  return `${escapeControls(event.account)}  `;
}

const accountsDeeds: ReadonlySet<EventKind> = new Set([
  "transfer",
  "changed",
  "command-refused",
  "connection-shown",
  "data-connection-failed",
  "internal-error",
]);

/** A reply of several lines, on one. */
function linesText(reply: Octets): string {
  const lines = reply.trimEnd().split(/\r?\n/);
  return lines.map((line) => displayOctets(line as Octets)).join(" / ");
}

/** A peer's word in double quotes, which it cannot leave. */
function quoted(text: string): string {
  return `"${escapeControls(text).replace(/["\\]/g, (character) => `\\${character}`)}"`;
}

const modeText = {
  explicit: "explicit TLS, clear until AUTH",
  implicit: "implicit TLS, encrypted from the first octet",
} as const;

const changeText = {
  deleted: "deleted",
  renamed: "renamed",
  "directory-made": "made directory",
  "directory-removed": "removed directory",
  "attributes-set": "set attributes of",
  linked: "linked",
  copied: "copied",
} as const;

function endpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function tlsText(tls: EventOf<"tls-established">["tls"]): string {
  const { protocol, suite, group, resumed, serverName, clientCertificate } = tls;
  const facts = [protocol.replace(/^TLSv/, "TLS "), suite, group, resumed ? "resumed" : undefined];
  const name = serverName === undefined ? [] : [`for ${escapeControls(serverName)}`];
  const client = clientCertificate === undefined ? [] : [clientText(clientCertificate)];
  return [...facts.filter((fact) => fact !== undefined), ...name, ...client].join(", ");
}

function clientText({ subject, problem }: ClientCertificate): string {
  const who = `client certificate ${escapeControls(subject.replaceAll("\n", ", "))}`;
  return problem === undefined ? who : `${who} (${problem})`;
}

function transferText(event: EventOf<"transfer">): string {
  const { path, bytes, durationMs, complete, cause, dataTls } = event;
  const rate = rateText(bytes, durationMs);
  let text = `${displayOctets(path)}, ${sizeText(bytes)} in ${durationText(durationMs)}`;
  if (rate !== "") text += `, ${rate}`;
  text += dataTls
    ? `, ${dataTls.protocol.replace("TLSv", "TLS ")} ${dataTls.resumed ? "resumed" : "full handshake"}`
    : dataProtection[event.protectionLevel];
  return complete ? text : `${text}, ${escapeControls(cause ?? "not complete")}`;
}

/** What protected the data where it was not TLS. */
const dataProtection = { C: ", clear", S: ", sealed", E: ", confidential", P: ", encrypted" } as const;

function shownText({ tlsMode, tls, security, activity, bytes, bytesPerSecond }: EventOf<"connection-shown">): string {
  const unencrypted = security === undefined ? "clear" : `${security.mechanism} ${escapeControls(security.principal)}`;
  const protection = tls === undefined ? unencrypted : tls.protocol.replace(/^TLSv/, "TLS ");
  const moved = bytes === undefined ? [] : [sizeText(bytes), `${sizeText(bytesPerSecond ?? 0)}/s`];
  return [`${tlsMode} ${protection}`, activity, ...moved].join(", ");
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
