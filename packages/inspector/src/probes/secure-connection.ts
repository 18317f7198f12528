import type { TlsMode } from "../model/index.ts";
import { codeOf, ProbeConnection, type ConnectFailure } from "./control.ts";
import type { InspectedServer } from "./inspected-server.ts";
import type { Secured } from "./secured.ts";

/** A port with its mode. */
export interface LoginPlace {
  readonly mode: TlsMode;
  readonly port: number;
}

/** Goes through the dialogue of a mode until TLS stands and the server has greeted. */
export async function secureConnection(
  server: InspectedServer,
  mode: TlsMode,
  port: number,
): Promise<{ readonly connection: ProbeConnection; readonly control: Secured } | ConnectFailure> {
  const opened = await (mode === "implicit"
    ? ProbeConnection.greetedInTls(server, port)
    : greetedThenTls(server, port));
  if ("kind" in opened) return opened;
  const { connection, secured } = opened;
  if (secured?.kind === "secured") return { connection, control: secured };
  await connection[Symbol.asyncDispose]();
  return { kind: "unreachable", text: secured === undefined ? "AUTH TLS was refused" : secured.text };
}

async function greetedThenTls(server: InspectedServer, port: number) {
  const opened = await ProbeConnection.greeted(server, port);
  if ("kind" in opened) return opened;
  const { connection } = opened;
  const isTaken = codeOf(await connection.command("AUTH TLS")) === 234;
  return { connection, secured: isTaken ? await connection.startTls() : undefined };
}
