import { reply } from "@sallyport/protocol";
import { isIP } from "node:net";
import type { CommandHandler } from "../command-handler.ts";
import { openPassive } from "../transfer/passive-replies.ts";

/** RFC 2428 §3: the family of the control connection is the one that can be served (R-2428-02). */
export const epsv: CommandHandler<"EPSV"> = (context, argument) => {
  if (argument === "all") {
    return { reply: reply(200, "EPSV alone from now on."), changes: { epsvAll: true } };
  }
  const family = isIP(context.control.localAddress) === 6 ? 2 : 1;
  if (argument !== "any" && argument !== family) {
    return { reply: reply(522, `Network protocol not supported, use (${family})`) };
  }
  return openPassive(context, (port) => reply(229, `Entering Extended Passive Mode (|||${port}|)`));
};
