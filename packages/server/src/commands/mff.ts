import type { CommandHandler } from "../command-handler.ts";
import { setFacts } from "../set-facts.ts";

/** draft-somers-ftp-mfxx §3.3: all facts or none. */
export const mff: CommandHandler<"MFF"> = (context, argument) => setFacts(context, argument);
