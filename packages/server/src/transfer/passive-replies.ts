import { formatPassiveEndpoint, isSallyportError, reply, type Reply } from "@sallyport/protocol";
import { isIP } from "node:net";
import type { CommandContext, Outcome } from "../command-handler.ts";

/** Opens a passive listener and answers with its port; 425 while no port is free (D-23). */
export async function openPassive(
  context: CommandContext,
  answer: (port: number) => Reply,
  tlsRole: "server" | "client" = context.state.secureClientMethod ? "client" : "server",
): Promise<Outcome> {
  try {
    const port = await context.data.openPassive(context.state.protectionLevel, tlsRole, context.signal);
    return { reply: answer(port) };
  } catch (error) {
    if (!isSallyportError(error) || error.code !== "SALLYPORT_PASSIVE_PORTS_EXHAUSTED") throw error;
    context.emit({
      kind: "data-connection-failed",
      verb: context.verb,
      replyCode: 425,
      cause: "no passive port is free",
      fix: "widen the passive port range",
    });
    return { reply: reply(425, "No port is free; try again later.") };
  }
}

/** The same with reply 227, whose form has room for IPv4 alone. */
export function openPassiveIpv4(context: CommandContext, tlsRole?: "client"): Outcome | Promise<Outcome> {
  const { control, environment } = context;
  if (isIP(control.localAddress) !== 4) return { reply: reply(502, "Use EPSV.") };
  const address = environment.advertisedAddress(control);
  return openPassive(
    context,
    (port) => reply(227, `Entering Passive Mode (${formatPassiveEndpoint(address, port)}).`),
    tlsRole,
  );
}
