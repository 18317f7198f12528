import { multiLineReply, octetsFromText, type Reply } from "@sallyport/protocol";
import type { CommandContext } from "./command-handler.ts";

/** Reply 211 to STAT without argument, idle or beside a running transfer (R-959-63, R-959-64). */
export function statusReply(context: CommandContext): Reply {
  const { state, control } = context;
  const { parameters } = state;
  const login = state.login.kind === "logged-in" ? `Logged in as ${state.login.user}` : "Not logged in";
  const protection = control.tls === undefined ? "clear" : `${control.tls.protocol} ${control.tls.suite}`;
  const lines = [
    `Connected from ${control.remoteAddress}`,
    login,
    `TYPE ${parameters.typeName}, STRU ${parameters.structure}, MODE ${parameters.mode}`,
    `Control connection: ${protection}`,
    `Data connections: ${state.protectionLevel === "P" ? "private (PROT P)" : "clear (PROT C)"}`,
    ...(state.clientName === undefined ? [] : [`Client: ${state.clientName}`]),
    "Times are UTC",
    ...transferLines(context),
  ];
  return multiLineReply(211, "Status:", lines.map(octetsFromText), "End");
}

function transferLines(context: CommandContext): string[] {
  const progress = context.progress();
  if (progress === undefined) return ["No transfer is running"];
  const seconds = (performance.now() - progress.sinceMs) / 1000;
  const rate = seconds > 0 ? Math.round(progress.bytes / seconds) : 0;
  return [`${progress.verb}: ${progress.bytes} octets, ${rate} octets a second`];
}
