import { once } from "node:events";
import * as net from "node:net";
import { isIP } from "node:net";
import * as tls from "node:tls";
import { limits, octetsFromText, parseExtendedPassiveReply, parsePassiveReply } from "@sallyport/protocol";
import type { WireTap } from "@sallyport/transport";
import { codeOf, connectTcp, type Answer, type ProbeConnection } from "./control.ts";
import { readSecured, type Secured } from "./secured.ts";
import { keepKeys, tapped, type Tapped } from "./tapped.ts";
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
  /** Whether the server ended TLS with close_notify; undefined without TLS. */
  readonly closeNotify: boolean | undefined;
  /** Tickets for the next data connection. */
  readonly tickets: readonly Buffer[];
}

/** Whether a listing came through, to its 226. */
export function isComplete(data: DataFacts): boolean {
  const code = codeOf(data.completion ?? data.preliminary);
  return code >= 200 && code < 300;
}

/** Asks for a listing over a passive data connection to the address of the control connection (S-10). */
export async function probeListing(control: ProbeConnection, protection: DataProtection): Promise<DataFacts> {
  const { server } = control;
  const passive = await passiveReply(control);
  const nothing = { completion: undefined, secured: undefined, listingBytes: 0, closeNotify: undefined, tickets: [] };
  const port = passivePort(passive);
  if (port === undefined) return { passive, preliminary: { kind: "closed" }, ...nothing };
  server.budget.data();
  const tcp = await connectTcp(server, port);
  if (!(tcp instanceof net.Socket)) return { passive, preliminary: { kind: "closed" }, ...nothing };
  const end = new WireEnd();
  const wire = tapped(server, tcp, end);
  const { tap } = wire;
  tap.on("error", () => {});
  try {
    control.send("LIST");
    const preliminary = await control.anyReply();
    if (codeOf(preliminary) >= 200 || codeOf(preliminary) === 0) return { passive, preliminary, ...nothing };
    const moved = await moveListing(control, wire, end, protection);
    const completion = await control.reply();
    return { passive, preliminary, completion, ...moved };
  } finally {
    tap.destroy();
  }
}

/** EPSV, and where that is not known PASV. */
async function passiveReply(control: ProbeConnection): Promise<Answer> {
  const extended = await control.command("EPSV");
  return codeOf(extended) === 229 ? extended : control.command("PASV");
}

/** The port of reply 229 or 227. */
export function passivePort(answer: Answer): number | undefined {
  if (answer.kind !== "reply") return undefined;
  const text = octetsFromText(answer.lines.join(" "));
  return answer.code === 229 ? parseExtendedPassiveReply(text) : parsePassiveReply(text)?.port;
}

type Moved = Pick<DataFacts, "secured" | "listingBytes" | "closeNotify" | "tickets">;

async function moveListing(
  control: ProbeConnection,
  wire: Tapped,
  end: WireEnd,
  protection: DataProtection,
): Promise<Moved> {
  if (protection.kind === "tls") return moveOverTls(control, wire, end, protection.ticket);
  const unasked = await readToEnd(wire.tap, protection.kind === "clear" ? clearMs : wantsMs);
  if (unasked.octets > 0 || protection.kind === "clear" || unasked.ended) {
    return { secured: undefined, listingBytes: unasked.octets, closeNotify: undefined, tickets: [] };
  }
  return moveOverTls(control, wire, end, undefined);
}

/** What a server that listens for a ClientHello is given before its silence counts. */
const wantsMs = 600;
const clearMs = 1500;

async function moveOverTls(
  { server }: ProbeConnection,
  { tap, captured }: Tapped,
  end: WireEnd,
  ticket: Buffer | undefined,
): Promise<Moved> {
  const { host, context, timeoutMs } = server;
  end.tlsBegins();
  const socket = tls.connect({
    socket: tap,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    secureContext: context,
    ...(ticket && { session: ticket }),
    rejectUnauthorized: false,
  });
  keepKeys(socket, captured);
  const { watch } = end;
  socket.on("keylog", (line: Buffer) => watch.learn(line.toString("latin1")));
  const tickets: Buffer[] = [];
  socket.on("session", (fresh: Buffer) => tickets.push(fresh)).on("error", () => {});
  let secured: Moved["secured"];
  socket.once("secureConnect", () => (secured = readSecured(socket, { tickets, end }, server)));
  const { octets } = await readToEnd(socket, timeoutMs);
  const closeNotify = secured === undefined ? undefined : (end.closeNotify ?? (await closing(tap, end)));
  socket.destroy();
  return { secured, listingBytes: octets, closeNotify, tickets };
}

/** Node's end of TLS may come before the FIN has been seen. */
async function closing(tap: WireTap, end: WireEnd): Promise<boolean | undefined> {
  if (!tap.destroyed)
    await once(tap, "close", { signal: AbortSignal.timeout(limits.closeNotifyMs.value) }).catch(() => {});
  return end.closeNotify;
}

function readToEnd(
  stream: WireTap | tls.TLSSocket,
  timeoutMs: number,
): Promise<{ readonly octets: number; readonly ended: boolean }> {
  return new Promise((resolve) => {
    let octets = 0;
    const deadline = AbortSignal.timeout(timeoutMs);
    const onData = (received: Buffer) => {
      octets += received.length;
    };
    const settle = (ended: boolean) => {
      stream.off("data", onData).pause();
      deadline.removeEventListener("abort", onDeadline);
      resolve({ octets, ended });
    };
    const onDeadline = () => settle(false);
    const onEnd = () => settle(true);
    deadline.addEventListener("abort", onDeadline);
    stream.on("data", onData).once("end", onEnd).once("close", onEnd);
    stream.resume();
  });
}
