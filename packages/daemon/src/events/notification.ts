import { randomUUIDv7 } from "node:crypto";
import { type Octets, textFromOctets, type VirtualPath } from "@sallyport/protocol";
import type { ServerEvent } from "@sallyport/server";
import type { EventOf, ServiceEvent } from "../log/service-event.ts";
import type { NotifiedKind } from "./notify-settings.ts";

/** A value of a document that receivers get. */
export type DocumentValue = string | number | boolean | null | Document;

/** What receivers get: fields by name, JSON without arrays. */
export interface Document {
  readonly [field: string]: DocumentValue;
}

/** One event as receivers are told of it. */
export interface Notification {
  /** UUID of version 7 (RFC 9562 §5.7): ordered to the millisecond, the same in every delivery of the event. */
  readonly id: string;
  readonly kind: NotifiedKind;
  /** Notifications of one lane are delivered one after the other. */
  readonly lane: string;
  readonly document: Document;
  /** The digest is still being computed. */
  readonly awaitsDigest: boolean;
}

/** What the events themselves do not say. */
export interface NotificationPlace {
  /** Name of this server. */
  readonly server: string;
  /** The served directory. */
  readonly root: string;
}

/** Makes a notification of an event; undefined for those that receivers cannot ask for. */
export function notificationOf(event: ServiceEvent, place: NotificationPlace): Notification | undefined {
  if (!isDeed(event)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table's type pairs each row with its event
  const row = deeds[event.kind] as (event: Deed, place: NotificationPlace) => Notification | undefined;
  return row(event, place);
}

type Deed = Extract<ServerEvent, { readonly kind: "transfer" | "changed" | "login" | "login-failed" }>;

const deeds: {
  readonly [Kind in Deed["kind"]]: (event: EventOf<Kind>, place: NotificationPlace) => Notification | undefined;
} = {
  transfer: (event, place) => (event.direction === "listing" ? undefined : transferNotification(event, place)),
  changed: (event, place) =>
    notification(event, event.change, place, {
      ...pathFields("path", event.path, event, place),
      ...(event.newPath === undefined ? {} : pathFields("newPath", event.newPath, event, place)),
    }),
  login: (event, place) => notification(event, "login", place, { user: event.user, method: event.method }),
  "login-failed": (event, place) =>
    notification(event, "login-failed", place, { user: event.user, cause: event.cause }),
};

function isDeed(event: ServiceEvent): event is Deed {
  return Object.hasOwn(deeds, event.kind);
}

function notification(
  event: Deed,
  kind: NotifiedKind,
  { server }: NotificationPlace,
  fields: Document,
  id: string = randomUUIDv7(),
): Notification {
  const { atMs, account = null, remoteAddress, connection, controlTls, controlSecurity } = event;
  const control = controlTls === undefined ? null : tlsFields(controlTls);
  const document = {
    id,
    event: kind,
    time: isoTime(atMs),
    server,
    account,
    remoteAddress,
    connection,
    ...fields,
    control,
    ...(controlSecurity === undefined ? {} : { principal: controlSecurity.principal }),
  };
  return { id, kind, lane: account ?? remoteAddress, document, awaitsDigest: false };
}

function transferNotification(event: EventOf<"transfer">, place: NotificationPlace): Notification {
  const { direction, complete, published, dataTls } = event;
  const kind = transferKinds[direction === "upload" ? "upload" : "download"][complete ? "complete" : "failed"];
  const fields = {
    ...pathFields("path", event.path, event, place),
    complete,
    ...(complete ? {} : { cause: event.cause ?? null }),
    verb: event.verb,
    transferredBytes: event.bytes,
    ...(published === undefined
      ? {}
      : { sizeBytes: published.sizeBytes, replaced: published.replaced ?? null, sha256: published.sha256 ?? null }),
    startedAt: isoTime(event.startedAtMs),
    endedAt: isoTime(event.startedAtMs + event.durationMs),
    type: event.type,
    protectionLevel: event.protectionLevel,
    anonymous: event.anonymous,
    data: dataTls === undefined ? null : { ...dataTls },
  };
  const told = notification(event, kind, place, fields, published?.id);
  return { ...told, awaitsDigest: published !== undefined && published.sha256 === undefined };
}

const transferKinds = {
  upload: { complete: "published", failed: "upload-failed" },
  download: { complete: "downloaded", failed: "download-failed" },
} as const;

/**
 * A name four times: as the account sees it and where it lies on disk, each as text (null where it is not UTF-8) and
 * percent-encoded (RFC 3986 §2.1), which is ASCII and exact whatever the octets are.
 */
function pathFields(
  field: "path" | "newPath",
  path: VirtualPath,
  { home }: { readonly home?: VirtualPath },
  { root }: NotificationPlace,
): Document {
  const below = `${home === undefined || home === "/" ? "" : home}${path === "/" ? "" : path}`;
  const onDisk = `${Buffer.from(root).toString("latin1").replace(/\/$/, "")}${below}` || "/";
  const file = field === "path" ? "file" : "newFile";
  return {
    [field]: textOf(path),
    [`${field}Encoded`]: percentEncoded(path),
    [file]: textOf(onDisk),
    [`${file}Encoded`]: percentEncoded(onDisk),
  };
}

function textOf(octets: string): string | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one code unit for each octet
  return textFromOctets(octets as Octets) ?? null;
}

function percentEncoded(octets: string): string {
  return octets.replace(/[^\w.~/-]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function tlsFields(tls: NonNullable<Deed["controlTls"]>): Document {
  const { protocol, suite, group = null, resumed, serverName = null, clientCertificate } = tls;
  const certificate = clientCertificate && {
    subject: clientCertificate.subject.replaceAll("\n", ", "),
    fingerprint: clientCertificate.fingerprint,
    verified: clientCertificate.problem === undefined,
  };
  return { protocol, suite, group, resumed, serverName, clientCertificate: certificate ?? null };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
