import { multiLineReply, type Octets, reply } from "@sallyport/protocol";
import { StorageError } from "@sallyport/server/storage";
import type { CommandContext, CommandHandler, Outcome } from "../command-handler.ts";
import { type ListingRequest, withListingTarget } from "../listing/listing-argument.ts";
import { listingLines } from "../listing/listing.ts";
import { statusReply } from "../status.ts";

/** Status, or with a path a listing on the control connection, which is protected as all replies are (R-959-64). */
export const stat: CommandHandler<"STAT"> = async (context, argument) => {
  if (argument === undefined) return { reply: statusReply(context) };
  if (context.state.login.kind !== "logged-in") return { reply: reply(530, "Log in first.") };
  try {
    return await withListingTarget(context, argument, (request) => listHere(context, request));
  } catch (error) {
    // RFC 959 §5.4 lists 450 and no 550 for STAT.
    if (error instanceof StorageError && error.kind === "not-found") {
      return { reply: reply(450, "No such file or directory.") };
    }
    throw error;
  }
};

async function listHere(context: CommandContext, { target, options }: ListingRequest): Promise<Outcome> {
  let text = "";
  for await (const chunk of listingLines(context, target, options)) {
    text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    if (text.length > context.limits.statReplyBytes) return { reply: reply(450, "The listing is too long for STAT.") };
  }
  const lines = text.split("\r\n").slice(0, -1) as Octets[];
  const code = target.kind === "entry" ? 213 : 212;
  return { reply: multiLineReply(code, "Listing:", lines, "End") };
}
