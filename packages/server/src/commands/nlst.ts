import { formatNameLine, type Octets } from "@sallyport/protocol";
import type { CommandContext, CommandHandler } from "../command-handler.ts";
import { type ListingRequest, withListingTarget } from "../listing/listing-argument.ts";
import { linesInChunks, listDirectories, listingLines, sendListing } from "../listing/listing.ts";

/** Names that work as arguments from where the client stands, with the directory that it gave (R-LIST-01). */
export const nlst: CommandHandler<"NLST"> = (context, argument) =>
  withListingTarget(context, argument, (request) => {
    const { target, options } = request;
    const chunks = options.long ? listingLines(context, target, options) : nameLines(context, request);
    return sendListing(context, target.path, chunks);
  });

async function* nameLines(context: CommandContext, { target, options, pathname }: ListingRequest) {
  const given = pathname ?? ("" as Octets);
  for await (const { directory, entries } of listDirectories(context, target, options)) {
    const below = directory.slice(target.path.length).replace(/^\//, "");
    const prefix = prefixOf(target.kind, given, below);
    yield* linesInChunks(entries, ({ name }) =>
      target.kind === "entry" ? formatNameLine(given) : formatNameLine(name, prefix),
    );
  }
}

/** What stands before a name: the directory as it was given, the part of a pattern before its name, and sub-directories. */
function prefixOf(kind: ListingRequest["target"]["kind"], given: Octets, below: string): Octets {
  const base = kind === "pattern" ? given.slice(0, given.lastIndexOf("/") + 1) : given;
  if (below === "") return base as Octets;
  return (base === "" || base.endsWith("/") ? base + below : `${base}/${below}`) as Octets;
}
