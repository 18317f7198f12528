import type { CommandHandler } from "../command-handler.ts";
import { withListingTarget } from "../listing/listing-argument.ts";
import { listingLines, sendListing } from "../listing/listing.ts";

export const list: CommandHandler<"LIST"> = (context, argument) =>
  withListingTarget(context, argument, ({ target, options }) =>
    sendListing(context, target.path, listingLines(context, target, options)),
  );
