import {
  answerText,
  codeOf,
  ProbeConnection,
  type Answer,
  type ConnectFailure,
  type HandshakeFailure,
} from "./control.ts";
import { askInside, type InsideFacts } from "./inside.ts";
import type { TlsMode } from "../model/index.ts";
import { greetsAsMail } from "../model/mail-greeting.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { secureConnection, type LoginPlace } from "./secure-connection.ts";
import type { Secured } from "./secured.ts";

/** What one mode did, from the connection to the last answer inside TLS. */
export interface ModeFacts {
  readonly port: number;
  readonly greeting: Answer;
  readonly secured: Secured | HandshakeFailure | undefined;
  readonly inside: InsideFacts | undefined;
}

/** The mode that begins in clear. */
export interface ExplicitFacts extends ModeFacts {
  /** FEAT in clear, before AUTH. */
  readonly features: Answer;
  readonly help: Answer;
  /** Answers to AUTH with mechanisms that are not TLS's. */
  readonly mechanisms: Readonly<Partial<Record<string, Answer>>>;
  readonly auth: Answer;
  /** What came to NOOP and SYST in one segment. */
  readonly pipelined: readonly Answer[];
  /** A port that keeps silent, because it is one for implicit TLS. */
  readonly isImplicit: boolean;
}

/** RFC 4217 §4.2: greeting, FEAT, AUTH TLS, TLS. */
export async function probeExplicit(server: InspectedServer, port: number): Promise<ExplicitFacts | ConnectFailure> {
  const opened = await ProbeConnection.greeted(server, port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  const base = { port, greeting: opened.greeting, isImplicit: false };
  if (codeOf(opened.greeting) !== 220) {
    const isSilent = opened.greeting.kind === "silent";
    const begun = isSilent ? connection.unfinishedReply() : undefined;
    await connection[Symbol.asyncDispose]();
    if (begun !== undefined) return { ...base, ...notAsked, greeting: begun };
    if (!isSilent) return { ...base, ...notAsked };
    const [isImplicit, webAnswer] = await Promise.all([takesTlsAtOnce(server, port), answerToRequest(server, port)]);
    return { ...base, ...notAsked, isImplicit, ...(webAnswer && !isImplicit && { greeting: webAnswer }) };
  }
  const features = await connection.command("FEAT");
  const mail = await asMail(connection, opened.greeting, features);
  if (mail !== undefined) return { ...base, ...notAsked, greeting: mail };
  const help = await connection.command("HELP");
  connection.sendOctets(Buffer.from("NOOP\r\nSYST\r\n"));
  const pipelined = [await connection.reply(), await connection.reply()];
  const mechanisms: Partial<Record<string, Answer>> = {};
  for (const mechanism of otherMechanisms) mechanisms[mechanism] = await connection.command(`AUTH ${mechanism}`);
  const auth = await connection.command("AUTH TLS");
  const clear = { ...base, features, help, pipelined, mechanisms, auth };
  if (codeOf(auth) !== 234) return { ...clear, secured: undefined, inside: undefined };
  return { ...clear, ...(await secure(connection)) };
}

/** One that nobody has, those of RFC 2228 that Kerberos brought, and none of TLS. */
const otherMechanisms = ["X-SALLYPORT-INSPECT", "GSSAPI", "KERBEROS_V4"] as const;

const none: Answer = { kind: "closed" };
const notAsked = {
  features: none,
  help: none,
  pipelined: [],
  mechanisms: {},
  auth: none,
  secured: undefined,
  inside: undefined,
};

async function takesTlsAtOnce(server: InspectedServer, port: number): Promise<boolean> {
  const connection = await ProbeConnection.open(server, port);
  if (!(connection instanceof ProbeConnection)) return false;
  await using held = connection;
  const secured = await held.startTls({ timeoutMs: Math.min(server.timeoutMs, secondLookMs) });
  return secured.kind === "secured";
}

/** What a port says that waits for the other end to begin, as those of the web do. */
async function answerToRequest(server: InspectedServer, port: number): Promise<Answer | undefined> {
  const connection = await ProbeConnection.open(server, port);
  if (!(connection instanceof ProbeConnection)) return undefined;
  await using held = connection;
  held.send("GET / HTTP/1.0\r\n");
  const answer = await held.reply(Math.min(server.timeoutMs, secondLookMs));
  return answer.kind === "not-ftp" ? answer : undefined;
}

/** What a port that kept silent is given to answer what it may be waiting for. */
const secondLookMs = 3000;

/** Mail is greeted by 220, too: what refuses FEAT, or calls itself so, is asked in the words of that (RFC 5321 §4.1.1.1). */
async function asMail(connection: ProbeConnection, greeting: Answer, features?: Answer): Promise<Answer | undefined> {
  const line = answerText(greeting);
  const isStrange = codeOf(features) >= 500 && codeOf(features) <= 502;
  if (!isStrange && !greetsAsMail(line)) return undefined;
  return codeOf(await connection.command("EHLO sallyport-inspect")) === 250
    ? { kind: "not-ftp", line, isMail: true }
    : undefined;
}

/** draft-murray-auth-ftp-ssl and the practice of port 990: TLS from the first octet, then the greeting. */
export async function probeImplicit(server: InspectedServer, port: number): Promise<ModeFacts | ConnectFailure> {
  const opened = await ProbeConnection.greetedInTls(server, port);
  if ("kind" in opened) return opened;
  const { secured, greeting } = opened;
  await using held = opened.connection;
  if (greeting === undefined) return { port, greeting: { kind: "closed" }, secured, inside: undefined };
  const mail = codeOf(greeting) === 220 ? await asMail(held, greeting) : undefined;
  if (mail !== undefined) return { port, greeting: mail, secured: undefined, inside: undefined };
  const inside = codeOf(greeting) === 220 ? await askInside(held) : undefined;
  return { port, greeting, secured, inside };
}

async function secure(connection: ProbeConnection): Promise<Pick<ModeFacts, "secured" | "inside">> {
  const secured = await connection.startTls();
  return { secured, inside: secured.kind === "secured" ? await askInside(connection) : undefined };
}

/** USER in clear, with a name that nobody has and never a password. */
export async function probeClearLogin(server: InspectedServer, port: number): Promise<Answer | ConnectFailure> {
  const opened = await ProbeConnection.greeted(server, port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  return await connection.command("USER sallyport-inspect");
}

/** What comes of a command that rides behind AUTH TLS in one segment (S-01, CVE-2011-1575). */
export interface InjectionFacts {
  readonly auth: Answer;
  /** A reply in clear to what was smuggled, before TLS. */
  readonly clearReply: Answer | undefined;
  readonly secured: Secured | HandshakeFailure | undefined;
  /** Replies inside TLS up to the one to QUIT; more than that one answer what was smuggled. */
  readonly inside: readonly Answer[];
}

export async function probeInjection(server: InspectedServer, port: number): Promise<InjectionFacts | ConnectFailure> {
  const opened = await ProbeConnection.greeted(server, port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  connection.sendOctets(Buffer.from("AUTH TLS\r\nNOOP\r\n"));
  const auth = await connection.reply();
  if (codeOf(auth) !== 234) return { auth, clearReply: undefined, secured: undefined, inside: [] };
  const clearReply = await connection.pendingReply();
  if (clearReply !== undefined) return { auth, clearReply, secured: undefined, inside: [] };
  const secured = await connection.startTls();
  if (secured.kind !== "secured") return { auth, clearReply, secured, inside: [] };
  const inside = [await connection.command("QUIT")];
  // A server that is done with QUIT closes; what it still says answers something else.
  if (codeOf(inside[0]) !== 221) inside.push(await connection.reply());
  return { auth, clearReply, secured, inside };
}

/** What a server does with a command in clear where a ClientHello belongs (P4). */
export interface ClearAfterAuthFacts {
  readonly auth: Answer;
  /** What came in clear behind the reply to AUTH, unasked. */
  readonly unasked: Answer | undefined;
  readonly answer: Answer;
}

export async function probeClearAfterAuth(
  server: InspectedServer,
  port: number,
): Promise<ClearAfterAuthFacts | ConnectFailure> {
  const opened = await ProbeConnection.greeted(server, port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  const auth = await connection.command("AUTH TLS");
  if (codeOf(auth) !== 234) return { auth, unasked: undefined, answer: { kind: "closed" } };
  const unasked = await connection.pendingReply();
  // Some read on until a whole record header has come: five octets, and then as many as those seem to announce.
  return { auth, unasked, answer: await connection.command("FEAT", patienceMs) };
}

/** How the implicit port takes text in clear (M1). */
export interface ImplicitSilenceFacts {
  /** What came before anything was sent. */
  readonly unasked: Answer;
  readonly toText: Answer;
}

export async function probeImplicitSilence(
  server: InspectedServer,
  port: number,
): Promise<ImplicitSilenceFacts | ConnectFailure> {
  const connection = await ProbeConnection.open(server, port);
  if (!(connection instanceof ProbeConnection)) return connection;
  await using held = connection;
  const unasked = await held.anyReply(silenceMs);
  if (unasked.kind !== "silent") return { unasked, toText: { kind: "closed" } };
  return { unasked, toText: await held.command("HELP", patienceMs) };
}

/** How long a port has to keep silent to count as silent. */
const silenceMs = 400;
/** How long a server is waited for that may well say nothing. */
const patienceMs = 1500;

/** What a server makes of a browser's request inside TLS (ALPACA, S-04). */
export interface WebRequestFacts {
  readonly mode: TlsMode;
  readonly replies: readonly Answer[];
  /** Whether the connection lives on behind the request, and goes on with FTP. */
  readonly survives: boolean;
  /** Whether a reply has words of the request in it. */
  readonly reflects: boolean;
}

/** Words that no server says by itself. */
const reflected = "sallyport-7c1f";
const webRequest = [
  "POST / HTTP/1.1",
  "Host: ftp.example.test",
  "Content-Type: text/plain",
  `X-Probe: <b>${reflected}</b>`,
  "",
  `<b>${reflected}</b>`,
];

export async function probeWebRequest(
  server: InspectedServer,
  { mode, port }: LoginPlace,
): Promise<WebRequestFacts | ConnectFailure> {
  const opened = await secureConnection(server, mode, port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  connection.sendOctets(Buffer.from(webRequest.map((line) => `${line}\r\n`).join("")));
  const replies: Answer[] = [];
  for (let answer = await connection.reply(webMs); answer.kind === "reply"; answer = await connection.reply(webMs)) {
    replies.push(answer);
  }
  const survives = !connection.isOver && (await connection.command("NOOP")).kind === "reply";
  const told = replies.flatMap((answer) => (answer.kind === "reply" ? answer.lines : []));
  return { mode, replies, survives, reflects: told.some((line) => line.toLowerCase().includes(reflected)) };
}

/** Between two replies to lines that came together. */
const webMs = 400;
