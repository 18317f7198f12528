import {
  isVirtualPath,
  type ListingOptions,
  noListingOptions,
  type Octets,
  parseListingArgument,
  reply,
  resolvePath,
} from "@sallyport/protocol";
import { type CommandContext, loginOf, type Outcome, withPath } from "../command-handler.ts";
import { type ListingTarget, listingTarget } from "./listing.ts";

export interface ListingRequest {
  readonly target: ListingTarget;
  readonly options: ListingOptions;
  /** As the client gave it, without options. */
  readonly pathname: Octets | undefined;
}

/** Reads the argument of LIST, NLST and STAT: options of ls count only where no entry has that name (R-LIST-04). */
export async function withListingTarget(
  context: CommandContext,
  argument: Octets | undefined,
  proceed: (request: ListingRequest) => Outcome | Promise<Outcome>,
): Promise<Outcome> {
  const literal = argument?.startsWith("-") === true && (await exists(context, argument));
  const { options, pathname } = literal
    ? { options: noListingOptions, pathname: argument }
    : parseListingArgument(argument);
  return withPath(context, pathname, async (path, { storage }) => {
    const target = await listingTarget(storage, path, context.limits);
    if (target === "too-many-wildcards") return { reply: reply(501, "The pattern has too many wildcards.") };
    return proceed({ target, options, pathname });
  });
}

async function exists(context: CommandContext, pathname: Octets): Promise<boolean> {
  const path = resolvePath(context.state.workingDirectory, pathname);
  if (!isVirtualPath(path)) return false;
  return loginOf(context)
    .storage.stat(path)
    .then(
      () => true,
      () => false,
    );
}
