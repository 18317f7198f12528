import { multiLineReply, octetsFromText, type Reply } from "@sallyport/protocol";
import type { CommandContext } from "./command-handler.ts";

/** Reply 211 to STAT without argument, idle or beside a running transfer (R-959-63, R-959-64). */
export function statusReply(context: CommandContext): Reply {
  const { state, control } = context;
  const { parameters } = state;
  const login = state.login.kind === "logged-in" ? `Logged in as ${state.login.user}` : "Not logged in";
  const lines = [
    `Connected from ${control.remoteAddress}`,
    login,
    `TYPE ${parameters.typeName}, STRU ${parameters.structure}, MODE ${parameters.mode}`,
    `Control connection: ${controlProtection(context)}`,
    `Data connections: ${levels[state.protectionLevel]} (PROT ${state.protectionLevel})`,
    ...(state.clientName === undefined ? [] : [`Client: ${state.clientName}`]),
    "Times are UTC",
    ...transferLines(context),
  ];
  return multiLineReply(211, "Status:", lines.map(octetsFromText), "End");
}

const levels = { C: "clear", S: "sealed", E: "confidential", P: "private" } as const;

function controlProtection({ control }: CommandContext): string {
  if (control.tls !== undefined) return `${control.tls.protocol} ${control.tls.suite}`;
  const { security } = control;
  return security === undefined ? "clear" : `${security.mechanism}, ${security.facts.peerName}`;
}

function transferLines(context: CommandContext): string[] {
  const progress = context.progress();
  if (progress === undefined) return ["No transfer is running"];
  const seconds = (performance.now() - progress.sinceMs) / 1000;
  const rate = seconds > 0 ? Math.round(progress.bytes / seconds) : 0;
  return [`${progress.verb}: ${progress.bytes} octets, ${rate} octets a second`];
}
