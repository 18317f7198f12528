import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** RFC 4217 §9: TLS has no protection buffer, so the size is 0 whatever is asked for (R-4217-22). */
export const pbsz: CommandHandler<"PBSZ"> = ({ state }) => {
  if (state.control === "clear") return { reply: reply(503, "AUTH comes first.") };
  if (state.control === "cleared") return { reply: reply(503, "The control connection was cleared.") };
  return { reply: reply(200, "PBSZ=0"), changes: { protectionBufferSizeGiven: true } };
};
