import type { CommandHandler } from "../command-handler.ts";
import { answerDigest } from "../digest/digest-file.ts";

export const xmd5: CommandHandler<"XMD5"> = (context, argument) => answerDigest(context, argument, "MD5");
