import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/**
 * RFC 4217 §9: TLS has no protection buffer, so the size is 0 whatever is asked for (R-4217-22). Under a mechanism with
 * messages the smaller of both sizes is settled, and has to hold a message (RFC 2228 §3, R-2228-06).
 */
export const pbsz: CommandHandler<"PBSZ"> = async ({ state, control, limits }, wanted) => {
  if (state.control === "tls") return { reply: reply(200, "PBSZ=0"), changes: { protectionBufferBytes: 0 } };
  if (state.control === "cleared") return { reply: reply(503, "The control connection was cleared.") };
  if (state.control !== "wrapped" || control.security === undefined) return { reply: reply(503, "AUTH comes first.") };
  const protectionBufferBytes = Math.min(wanted, limits.protectionBufferBytes);
  const room = await control.security.sizeLimit(protectionBufferBytes, control.security.facts.confidentiality);
  if (room < 1) return { reply: reply(501, "No message fits into that.") };
  return { reply: reply(200, `PBSZ=${protectionBufferBytes}`), changes: { protectionBufferBytes } };
};
