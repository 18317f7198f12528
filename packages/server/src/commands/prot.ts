import { type ProtectionLevel, reply, type Reply } from "@sallyport/protocol";
import type { CommandContext, CommandHandler } from "../command-handler.ts";

/**
 * RFC 2228 §3 and RFC 4217 §9, in the order of R-2228-07: 503 out of order, 536 for what the mechanism cannot do, 534 by
 * policy. Under TLS, PROT without PBSZ is let through unless the strict order is on, since clients skip PBSZ (D-16).
 */
export const prot: CommandHandler<"PROT"> = (context, level) => {
  const refusal = refusalOf(context, level);
  if (refusal !== undefined) return { reply: refusal };
  context.data.protectionLevelIs(level);
  return { reply: reply(200, texts[level]), changes: { protectionLevel: level } };
};

const texts: Readonly<Record<ProtectionLevel, string>> = {
  C: "Data connections are clear.",
  S: "Data connections are sealed.",
  E: "",
  P: "Data connections are protected.",
};

function refusalOf({ state, control }: CommandContext, level: ProtectionLevel): Reply | undefined {
  const isWrapped = state.control === "wrapped";
  if (state.control !== "tls" && !isWrapped) return reply(503, "The control connection is not protected.");
  if ((isWrapped || state.policy.strictProtectionOrder) && state.protectionBufferBytes === undefined) {
    return reply(503, "PBSZ comes first.");
  }
  if (isWrapped) {
    const isPossible = level !== "E" && (level !== "P" || control.security?.facts.confidentiality === true);
    return isPossible ? undefined : reply(536, "GSSAPI knows PROT C, S and, where both ends can encrypt, P.");
  }
  if (level === "S" || level === "E") return reply(536, "TLS knows PROT C and P.");
  const staysProtected = state.tlsMode === "implicit" && state.policy.requireTlsForData;
  return level === "C" && staysProtected ? reply(534, "Data connections stay protected here.") : undefined;
}
