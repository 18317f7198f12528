import { once } from "node:events";
import * as net from "node:net";
import { isIP } from "node:net";
import * as tls from "node:tls";
import { limits, octetsFromText, parseExtendedPassiveReply, parsePassiveReply } from "@sallyport/protocol";
import type { WireTap } from "@sallyport/transport";
import { codeOf, connectTcp, type Answer, type ProbeConnection } from "./control.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { readSecured, type Secured } from "./secured.ts";
import { endsWithPeer, keepKeys, tapped, type Tapped } from "./tapped.ts";
import { WireEnd } from "./wire-end.ts";

/** How the data connection of a listing is protected by our end. */
export type DataProtection =
  | { readonly kind: "tls"; readonly ticket?: Buffer | undefined }
  /** Sends nothing and reads what comes. */
  | { readonly kind: "clear" }
  /** Reads what comes in clear; where nothing does, starts TLS. */
  | { readonly kind: "as-the-server-wants" };

/** What came of one listing. */
export interface DataFacts {
  readonly passive: Answer;
  readonly preliminary: Answer;
  /** The last reply; undefined where the first one was it. */
  readonly completion: Answer | undefined;
  readonly secured: Omit<Secured, "socket"> | undefined;
  /** Octets of the listing, as they came out of TLS or in clear. */
  readonly listingBytes: number;
  /** Whether the listing was given up because it had no end in sight. */
  readonly isEndless: boolean;
  /** Whether the server ended TLS with close_notify; undefined without TLS. */
  readonly closeNotify: boolean | undefined;
  /** Tickets for the next data connection. */
  readonly tickets: readonly Buffer[];
}

/**
 * Whether a listing came through: to its 226, or else whole to the close_notify. pyftpdlib says 426 to some listings that
 * it has sent and ended in order (1.5.7, measured).
 */
export function isComplete({ completion, preliminary, listingBytes, closeNotify }: DataFacts): boolean {
  const code = codeOf(completion ?? preliminary);
  return (code >= 200 && code < 300) || (listingBytes > 0 && closeNotify === true);
}

/** Asks for a listing over a passive data connection to the address of the control connection (S-10). */
export async function probeListing(control: ProbeConnection, protection: DataProtection): Promise<DataFacts> {
  return probeRetrieval(control, "LIST", protection);
}

/** Asks for what a command sends, and reads it. */
export async function probeRetrieval(
  control: ProbeConnection,
  command: string,
  protection: DataProtection,
): Promise<DataFacts> {
  const passive = await passiveReply(control);
  const nothing = { completion: undefined, ...nothingMoved };
  const wire = await openData(control, passive);
  if (wire === undefined) return { passive, preliminary: { kind: "closed" }, ...nothing };
  try {
    control.send(command);
    const preliminary = await control.anyReply();
    if (codeOf(preliminary) >= 200 || codeOf(preliminary) === 0) return { passive, preliminary, ...nothing };
    const moved = await moveListing(control, wire, protection);
    if (moved.isEndless) wire.tap.destroy();
    const completion = await control.reply(moved.isEndless ? givenUpMs : undefined);
    return { passive, preliminary, completion, ...moved };
  } finally {
    wire.tap.destroy();
  }
}

/** A data connection that is open, with nothing on it yet. */
export interface DataWire extends Tapped {
  readonly end: WireEnd;
}

/** Connects to the port of a reply to EPSV or PASV, from one of our own addresses where that is named. */
export async function openData(
  { server }: ProbeConnection,
  passive: Answer,
  localAddress?: string,
): Promise<DataWire | undefined> {
  const port = passivePort(passive);
  if (port === undefined) return undefined;
  server.budget.data();
  const tcp = await connectTcp(server, port, localAddress);
  if (!(tcp instanceof net.Socket)) return undefined;
  const end = new WireEnd();
  const wire = tapped(server, tcp, end);
  wire.tap.on("error", () => {});
  return { ...wire, end };
}

/** EPSV, and where that is not known PASV. */
export async function passiveReply(control: ProbeConnection): Promise<Answer> {
  const extended = await control.command("EPSV");
  return codeOf(extended) === 229 ? extended : control.command("PASV");
}

/** The port of reply 229 or 227. */
export function passivePort(answer: Answer): number | undefined {
  if (answer.kind !== "reply") return undefined;
  const text = octetsFromText(answer.lines.join(" "));
  return answer.code === 229 ? parseExtendedPassiveReply(text) : parsePassiveReply(text)?.port;
}

type Moved = Pick<DataFacts, "secured" | "listingBytes" | "isEndless" | "closeNotify" | "tickets">;

const nothingMoved: Moved = {
  secured: undefined,
  listingBytes: 0,
  isEndless: false,
  closeNotify: undefined,
  tickets: [],
};

async function moveListing(control: ProbeConnection, wire: DataWire, protection: DataProtection): Promise<Moved> {
  if (protection.kind === "tls") return readOverTls(control, wire, protection.ticket);
  const fromMs = performance.now();
  const unasked = await readToEnd(wire.tap, protection.kind === "clear" ? clearMs : wantsMs);
  if (!unasked.ended) control.server.budget.waitedSince(fromMs);
  if (unasked.octets > 0 || protection.kind === "clear" || unasked.ended) {
    return { ...nothingMoved, listingBytes: unasked.octets, isEndless: unasked.isEndless };
  }
  return readOverTls(control, wire, undefined);
}

/** What a server that listens for a ClientHello is given before its silence counts. */
const wantsMs = 600;
const clearMs = 1500;

/** Reads what comes in TLS to its end. */
export async function readOverTls(
  { server }: ProbeConnection,
  wire: DataWire,
  ticket: Buffer | undefined,
  timeoutMs: number = server.timeoutMs,
): Promise<Moved> {
  const { tap, end } = wire;
  const { socket, tickets } = dataTls(server, wire, ticket);
  let secured: Moved["secured"];
  socket.once("secureConnect", () => (secured = readSecured(socket, { tickets, end }, server)));
  endsWithPeer(socket, tap);
  const { octets, isEndless } = await readToEnd(socket, timeoutMs);
  const closeNotify = secured === undefined || isEndless ? undefined : (end.closeNotify ?? (await closing(tap, end)));
  socket.destroy();
  return { secured, listingBytes: octets, isEndless, closeNotify, tickets };
}

/** Starts TLS on a data connection, with a ticket where one is given. */
export function dataTls(
  { host, context }: InspectedServer,
  { tap, captured, end }: DataWire,
  ticket: Buffer | undefined,
): { readonly socket: tls.TLSSocket; readonly tickets: readonly Buffer[] } {
  end.tlsBegins();
  const socket = tls.connect({
    socket: tap,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    secureContext: context,
    ...(ticket && { session: ticket }),
    rejectUnauthorized: false,
  });
  keepKeys(socket, captured, { offersTicket: ticket !== undefined });
  const { watch } = end;
  socket.on("keylog", (line: Buffer) => watch.learn(line.toString("latin1")));
  const tickets: Buffer[] = [];
  socket.on("session", (fresh: Buffer) => tickets.push(fresh)).on("error", () => {});
  return { socket, tickets };
}

/** Node's end of TLS may come before the FIN has been seen. */
async function closing(tap: WireTap, end: WireEnd): Promise<boolean | undefined> {
  if (!tap.destroyed)
    await once(tap, "close", { signal: AbortSignal.timeout(limits.closeNotifyMs.value) }).catch(() => {});
  return end.closeNotify;
}

/** The listing of some 200,000 files; one that goes on behind it has no end for us. */
const listingBytesMax = 16 * 1_048_576;
/** For the reply to a listing that was given up. */
const givenUpMs = 1500;

function readToEnd(
  stream: WireTap | tls.TLSSocket,
  timeoutMs: number,
): Promise<{ readonly octets: number; readonly ended: boolean; readonly isEndless: boolean }> {
  return new Promise((resolve) => {
    let octets = 0;
    const deadline = AbortSignal.timeout(timeoutMs);
    const onData = (received: Buffer) => {
      octets += received.length;
      if (octets > listingBytesMax) settle(false);
    };
    const settle = (ended: boolean) => {
      stream.off("data", onData).pause();
      deadline.removeEventListener("abort", onDeadline);
      resolve({ octets, ended, isEndless: octets > listingBytesMax });
    };
    const onDeadline = () => settle(false);
    const onEnd = () => settle(true);
    deadline.addEventListener("abort", onDeadline);
    stream.on("data", onData).once("end", onEnd).once("close", onEnd);
    stream.resume();
  });
}
