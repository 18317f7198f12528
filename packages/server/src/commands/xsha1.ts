import type { CommandHandler } from "../command-handler.ts";
import { answerDigest } from "../digest/digest-file.ts";

export const xsha1: CommandHandler<"XSHA1"> = (context, argument) => answerDigest(context, argument, "SHA-1");
