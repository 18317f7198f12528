import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** Chooses the TLS role on data connections for server-to-server transfers (R-FXP-02). */
export const sscn: CommandHandler<"SSCN"> = ({ state, environment }, argument) => {
  if (argument === "on" && environment.options.fxp?.certificateAuthorities === undefined) {
    return { reply: reply(534, "No authority is known that vouches for other servers.") };
  }
  if (argument === "on" && state.protectionLevel !== "P") return { reply: reply(503, "PROT P comes first.") };
  const secureClientMethod = argument === undefined ? state.secureClientMethod : argument === "on";
  return {
    reply: reply(200, `SSCN:${secureClientMethod ? "CLIENT" : "SERVER"} METHOD`),
    changes: { secureClientMethod },
  };
};
