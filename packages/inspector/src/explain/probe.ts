import type * as tls from "node:tls";
import { limits } from "@sallyport/protocol";
import { WireTap } from "@sallyport/transport";
import type { ExplainEvent, FtpEvent, Problem, TlsMode } from "../model/index.ts";
import { greetsAsMail } from "../model/mail-greeting.ts";
import { connectTcp } from "./connect.ts";
import { keepTickets, logInAndList } from "./listing.ts";
import type { ProbeTarget } from "./probe-target.ts";
import { chokedOnHello, endConnection, startTls, type HandshakeOptions, type HelloSize } from "./handshake.ts";
import type { Lane } from "./lane.ts";
import { nextReply, type FoundReply } from "./replies.ts";

/**
 * Goes through one mode as a client would, as far as the point where USER could be sent, and says QUIT. Everything
 * that happens goes into the lane; a problem is its last event.
 *
 * @throws the reason of the lane's signal when that aborts; nothing else.
 */
export async function probe(mode: TlsMode, lane: Lane, target: ProbeTarget): Promise<void> {
  const problem = await attempts(mode, lane, target);
  if (problem) lane.note("to-client", { layer: layerOf(problem), kind: "problem", problem });
}

/** A server that chokes on the full ClientHello gets one more chance with a small one. */
async function attempts(mode: TlsMode, lane: Lane, target: ProbeTarget): Promise<Problem | undefined> {
  const dialogue = mode === "explicit" ? explicitDialogue : implicitDialogue;
  const problem = await dialogue(lane, target, "full");
  const hello = lane.events.findLastIndex((event) => event.kind === "messages" && event.direction === "to-server");
  if (!problem || hello === -1 || !chokedOnHello(lane.events.slice(hello + 1), problem)) return problem;
  lane.note("to-server", { layer: "tcp", kind: "retry", text: "no answer to a full ClientHello, trying a small one" });
  return dialogue(lane, target, "small");
}

/** RFC 4217 §4.2 and §12.1: greeting, AUTH TLS, 234, TLS. */
async function explicitDialogue(lane: Lane, target: ProbeTarget, hello: HelloSize): Promise<Problem | undefined> {
  const tap = await connectTcp(lane, target.host, target.port);
  if (!(tap instanceof WireTap)) return tap;
  try {
    return await untilSecured(lane, tap, target, hello);
  } finally {
    tap.destroy();
  }
}

async function untilSecured(
  lane: Lane,
  tap: WireTap,
  target: ProbeTarget,
  hello: HelloSize,
): Promise<Problem | undefined> {
  const connectedAt = lane.events.length;
  const discard = () => {};
  tap.on("data", discard).on("error", discard);
  const greeting = await nextReply(lane, "greeting", connectedAt);
  if ("problem" in greeting) return greeting.problem;
  if (greeting.found.code !== 220) return greetingProblem(greeting.found, false);
  const asked = lane.events.length;
  tap.write("AUTH TLS\r\n");
  const answer = await nextReply(lane, "auth-reply", asked);
  if ("problem" in answer) return answer.problem;
  if (answer.found.code !== 234) {
    if (target.isWilling === true) await logInAsNobody(lane, tap);
    await quitInClear(lane, tap);
    if (greetsAsMail(greeting.found.line)) return { id: "not-ftp", line: greeting.found.line };
    return { id: "auth-refused", code: answer.found.code, line: answer.found.line };
  }
  const smuggled = clearLineBehind(lane.events, answer.found.event);
  if (smuggled !== undefined) return { id: "clear-after-auth", line: smuggled };
  tap.off("data", discard).pause();
  const socket = await startTls(lane, tap, handshakeOptions(target, hello));
  if (!("encrypted" in socket)) return socket;
  const problem = await logInAndList(lane, socket, target);
  await quit(lane, socket);
  return problem;
}

/** draft-murray-auth-ftp-ssl and the practice of port 990: TLS from the first octet, then the greeting. */
async function implicitDialogue(lane: Lane, target: ProbeTarget, hello: HelloSize): Promise<Problem | undefined> {
  const tap = await connectTcp(lane, target.host, target.port);
  if (!(tap instanceof WireTap)) return tap;
  const connectedAt = lane.events.length;
  try {
    const socket = await startTls(lane, tap, handshakeOptions(target, hello));
    if (!("encrypted" in socket)) return socket;
    const greeting = await nextReply(lane, "greeting-in-tls", connectedAt);
    if ("problem" in greeting) return greeting.problem;
    const isGreeted = greeting.found.code === 220 && !greetsAsMail(greeting.found.line);
    const problem = isGreeted ? await logInAndList(lane, socket, target) : greetingProblem(greeting.found, true);
    await quit(lane, socket);
    return problem;
  } finally {
    tap.destroy();
  }
}

function handshakeOptions({ host, insecure, contextFor }: ProbeTarget, hello: HelloSize): HandshakeOptions {
  return { host, insecure, context: contextFor(hello), alpn: ["ftp"], onSocket: keepTickets };
}

function greetingProblem({ code, line }: FoundReply, inTls: boolean): Problem {
  return code === 0 || code === 220 ? { id: "not-ftp", line } : { id: "greeting-refused", code, line, inTls };
}

/** A line that came in clear behind the 234 and before any ClientHello (S-01 from the client's side). */
function clearLineBehind(events: readonly ExplainEvent[], reply: FtpEvent): string | undefined {
  const behind = events.slice(events.indexOf(reply) + 1);
  return behind.flatMap((event) => (event.direction === "to-client" && "line" in event ? [event.line] : []))[0];
}

async function quit(lane: Lane, socket: tls.TLSSocket): Promise<void> {
  const from = lane.events.length;
  const command = Buffer.from("QUIT\r\n");
  socket.write(command);
  lane.inside("to-server", command);
  await farewell(lane, from);
  await endConnection(socket, lane.signal);
}

/** What a client does that takes TLS "if there is any": nobody's name and no password, for whoever stands between. */
async function logInAsNobody(lane: Lane, tap: WireTap): Promise<void> {
  for (const command of ["USER alice", "PASS correct horse"]) {
    const from = lane.events.length;
    tap.write(`${command}\r\n`);
    const reply = await nextReply(lane, "login-reply", from);
    if ("problem" in reply || reply.found.code >= 400) return;
  }
}

async function quitInClear(lane: Lane, tap: WireTap): Promise<void> {
  const from = lane.events.length;
  tap.write("QUIT\r\n");
  await farewell(lane, from);
  await endConnection(tap, lane.signal);
}

/** Servers need not answer QUIT in time for us; silence here is no finding. */
async function farewell(lane: Lane, from: number): Promise<void> {
  await lane.until((event) => (event.kind === "reply" && event.last === true ? true : undefined), "greeting", {
    from,
    timeoutMs: Math.min(lane.timeoutMs, limits.closeNotifyMs.value),
  });
}

function layerOf(problem: Problem): ExplainEvent["layer"] {
  if (problem.id.startsWith("handshake")) return "handshake";
  return problem.id === "name-unknown" || problem.id === "refused" || problem.id === "unreachable" ? "tcp" : "ftp";
}
