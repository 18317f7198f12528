import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

export const mode: CommandHandler<"MODE"> = ({ state }, letter) => ({
  reply: reply(200, `MODE is now ${letter}.`),
  changes: { parameters: { ...state.parameters, mode: letter } },
});
