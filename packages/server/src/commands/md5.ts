import { replyOctets } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";
import { digestFile } from "../digest/digest-file.ts";

/** draft-twine-ftpmd5: `251 path HEX`. */
export const md5: CommandHandler<"MD5"> = (context, pathname) =>
  withPath(context, pathname, async (path, login) => {
    const digest = await digestFile(context, login.storage, path, "MD5", undefined);
    return { reply: digest.ok ? replyOctets(251, pathname, ` ${digest.hex.toUpperCase()}`) : digest.reply };
  });
