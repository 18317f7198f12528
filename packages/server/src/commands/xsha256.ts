import type { CommandHandler } from "../command-handler.ts";
import { answerDigest } from "../digest/digest-file.ts";

export const xsha256: CommandHandler<"XSHA256"> = (context, argument) => answerDigest(context, argument, "SHA-256");
