import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

export const rang: CommandHandler<"RANG"> = (_context, restart) => ({
  reply: reply(350, restart.kind === "none" ? "No range." : "The next command uses that range."),
  changes: { restart },
});
