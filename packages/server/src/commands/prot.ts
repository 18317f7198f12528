import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/**
 * RFC 2228 §3 and RFC 4217 §9, in the order of R-2228-07: 503 out of order, 536 for what TLS cannot do, 534 by policy.
 * PROT without PBSZ is let through unless the strict order is on, since clients skip PBSZ (D-16).
 */
export const prot: CommandHandler<"PROT"> = ({ state, data }, level) => {
  if (state.control !== "tls") return { reply: reply(503, "The control connection is not protected.") };
  if (state.policy.strictProtectionOrder && !state.protectionBufferSizeGiven) {
    return { reply: reply(503, "PBSZ comes first.") };
  }
  if (level === "S" || level === "E") return { reply: reply(536, "TLS knows PROT C and P.") };
  if (level === "C" && state.tlsMode === "implicit" && state.policy.requireTlsForData) {
    return { reply: reply(534, "Data connections stay protected here.") };
  }
  data.protectionLevelIs(level);
  return {
    reply: reply(200, level === "P" ? "Data connections are protected." : "Data connections are clear."),
    changes: { protectionLevel: level },
  };
};
