import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

export const type: CommandHandler<"TYPE"> = ({ state }, argument) => ({
  reply: reply(200, `TYPE is now ${argument.typeName}.`),
  changes: { parameters: { ...state.parameters, ...argument } },
});
