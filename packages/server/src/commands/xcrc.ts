import type { CommandHandler } from "../command-handler.ts";
import { answerDigest } from "../digest/digest-file.ts";

export const xcrc: CommandHandler<"XCRC"> = (context, argument) => answerDigest(context, argument, "CRC32");
