import { quotePath, replyOctets } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

export const pwd: CommandHandler<"PWD"> = ({ state }) => ({
  reply: replyOctets(257, quotePath(state.workingDirectory), " is the directory."),
});
