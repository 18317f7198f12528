import { displayOctets, reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** The product is named, its version is not (S-29). */
export const csid: CommandHandler<"CSID"> = (_context, facts) => ({
  reply: reply(200, "Name=Sallyport;"),
  changes: facts === "" ? {} : { clientName: displayOctets(facts).slice(0, 128) },
});
