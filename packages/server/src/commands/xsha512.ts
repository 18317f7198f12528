import type { CommandHandler } from "../command-handler.ts";
import { answerDigest } from "../digest/digest-file.ts";

export const xsha512: CommandHandler<"XSHA512"> = (context, argument) => answerDigest(context, argument, "SHA-512");
