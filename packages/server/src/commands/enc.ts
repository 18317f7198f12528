import type { CommandHandler } from "../command-handler.ts";
import { protectedCommandRefusal } from "../protected-command.ts";

/** RFC 2228 §3; see {@link protectedCommandRefusal}. */
export const enc: CommandHandler<"ENC"> = ({ state }) => ({ reply: protectedCommandRefusal(state) });
