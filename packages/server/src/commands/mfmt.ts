import type { CommandHandler } from "../command-handler.ts";
import { setTime } from "../set-facts.ts";

/** draft-somers-ftp-mfxx §3.1. */
export const mfmt: CommandHandler<"MFMT"> = (context, argument) => setTime(context, argument, "Modify");
