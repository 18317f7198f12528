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
  const opened =
    mode === "implicit" ? await ProbeConnection.open(server, port) : await ProbeConnection.greeted(server, port);
  if ("kind" in opened) return opened;
  const connection = opened instanceof ProbeConnection ? opened : opened.connection;
  const auth = mode === "explicit" ? await connection.command("AUTH TLS") : undefined;
  const control = auth === undefined || codeOf(auth) === 234 ? await connection.startTls() : undefined;
  if (control?.kind === "secured") {
    if (mode === "implicit") await connection.reply();
    return { connection, control };
  }
  await connection[Symbol.asyncDispose]();
  return { kind: "unreachable", text: control === undefined ? "AUTH TLS was refused" : control.text };
}
