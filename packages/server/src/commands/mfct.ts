import type { CommandHandler } from "../command-handler.ts";
import { setTime } from "../set-facts.ts";

/** draft-somers-ftp-mfxx §3.2. */
export const mfct: CommandHandler<"MFCT"> = (context, argument) => setTime(context, argument, "Create");
