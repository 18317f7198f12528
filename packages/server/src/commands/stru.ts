import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

export const stru: CommandHandler<"STRU"> = ({ state }, structure) => ({
  reply: reply(200, `STRU is now ${structure}.`),
  changes: { parameters: { ...state.parameters, structure } },
});
