import type * as tls from "node:tls";
import { WireTap } from "@sallyport/transport";
import type { Problem } from "../model/index.ts";
import { connectTcp } from "./connect.ts";
import { endConnection, startTls } from "./handshake.ts";
import type { Lane } from "./lane.ts";
import type { ProbeTarget } from "./probe-target.ts";
import { nextReply } from "./replies.ts";

/**
 * Logs in and fetches a listing over a data connection that resumes the control connection's TLS; nothing without
 * credentials. The password goes only where the certificate is verified, or need not be.
 */
export async function logInAndList(
  lane: Lane,
  control: tls.TLSSocket,
  target: ProbeTarget,
): Promise<Problem | undefined> {
  const { credentials } = target;
  if (credentials === undefined) return undefined;
  const verification = lane.events.findLast((event) => event.kind === "verification");
  if (verification?.kind === "verification" && verification.verdict === "failed") return { id: "password-kept" };
  const said = saidInside(lane, control);
  const user = await said(`USER ${credentials.user}`, "login-reply");
  if ("problem" in user) return user.problem;
  if (user.found.code >= 400) return { id: "login-refused", line: user.found.line };
  lane.carriedPassword();
  const pass = user.found.code === 331 ? await said(`PASS ${credentials.password}`, "login-reply") : user;
  if ("problem" in pass) return pass.problem;
  if (pass.found.code >= 300) return { id: "login-refused", line: pass.found.line };
  for (const command of ["PBSZ 0", "PROT P"]) {
    const reply = await said(command, "login-reply");
    if ("problem" in reply) return reply.problem;
    if (reply.found.code >= 300) return { id: "listing-refused", line: reply.found.line };
  }
  return list(lane, control, { target, said });
}

type Said = ReturnType<typeof saidInside>;

/** A command inside TLS, and its reply. */
function saidInside(lane: Lane, control: tls.TLSSocket) {
  return (command: string, awaited: "login-reply" | "data-reply") => {
    const from = lane.events.length;
    // Names and passwords are sent as UTF-8 (RFC 2640).
    const octets = Buffer.from(`${command}\r\n`);
    control.write(octets);
    lane.inside("to-server", octets);
    return nextReply(lane, awaited, from);
  };
}

/** EPSV, the data connection, LIST, and the reply behind it (RFC 2428, RFC 4217 §7). */
async function list(
  lane: Lane,
  control: tls.TLSSocket,
  { target, said }: { readonly target: ProbeTarget; readonly said: Said },
): Promise<Problem | undefined> {
  const passive = await said("EPSV", "data-reply");
  if ("problem" in passive) return passive.problem;
  const port = Number(/\((.)\1\1(\d{1,5})\1\)/.exec(passive.found.line)?.[2] ?? 0);
  if (passive.found.code !== 229 || port < 1 || port > 65_535)
    return { id: "listing-refused", line: passive.found.line };
  const data = lane.forData();
  const tap = await connectTcp(data, target.host, port);
  if (!(tap instanceof WireTap)) return tap;
  try {
    const asked = lane.events.length;
    const octets = Buffer.from("LIST\r\n");
    control.write(octets);
    lane.inside("to-server", octets);
    const session = tickets.get(control);
    const { host, insecure, contextFor } = target;
    const socket = await startTls(data, tap, {
      ...{ host, insecure, context: contextFor("full"), alpn: [] },
      ...(session && { session }),
    });
    if ("encrypted" in socket) {
      // What is there is shown; what an explanation does not read any more is no fault of the server.
      if (!(await hasEnded(data, socket))) return undefined;
      await endConnection(socket, lane.signal);
    }
    const done = await nextReply(lane, "data-reply", asked);
    if ("problem" in done) return done.problem;
    if (done.found.code >= 300) return { id: "listing-refused", line: done.found.line };
    return "encrypted" in socket ? undefined : socket;
  } finally {
    tap.destroy();
  }
}

/** Tickets of control connections, the newest of each, as Node brings them. */
const tickets = new WeakMap<tls.TLSSocket, Buffer>();

/** Keeps the tickets that come on a control connection, for its data connections. */
export function keepTickets(control: tls.TLSSocket): void {
  control.on("session", (session: Buffer) => tickets.set(control, session));
}

/** Waits for the listing's end; false where there is none within what an explanation reads. */
async function hasEnded(data: Lane, socket: tls.TLSSocket): Promise<boolean> {
  if (socket.readableEnded || socket.destroyed) return true;
  const over = new Promise<undefined>((resolve) => {
    socket.once("end", () => resolve(undefined)).once("close", () => resolve(undefined));
  });
  const met = await Promise.race([over, data.until(() => undefined, "data-reply")]);
  return met === undefined || !("problem" in met) || met.problem.id !== "too-much";
}
