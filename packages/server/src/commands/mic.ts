import type { CommandHandler } from "../command-handler.ts";
import { protectedCommandRefusal } from "../protected-command.ts";

/** RFC 2228 §3; see {@link protectedCommandRefusal}. */
export const mic: CommandHandler<"MIC"> = ({ state }) => ({ reply: protectedCommandRefusal(state) });
