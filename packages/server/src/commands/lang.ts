import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

const languageTag = /^[a-z]{1,8}(?:-[a-z0-9]{1,8})*$/i;

/** RFC 2640 §4: replies are in English, the default; other languages are 504, malformed tags 501. */
export const lang: CommandHandler<"LANG"> = (_context, tag) => {
  if (tag !== "" && !languageTag.test(tag)) return { reply: reply(501, "LANG takes a language tag.") };
  if (tag !== "" && !/^en(?:-|$)/i.test(tag)) return { reply: reply(504, "This server speaks English.") };
  return { reply: reply(200, "Replies are in English.") };
};
