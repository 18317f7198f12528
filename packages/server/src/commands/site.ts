import { type Octets, reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";
import { siteRow } from "../site-verbs.ts";

/** Hands over to the SITE verb; unknown ones are 500, since 504 is not in SITE's list (R-959-48). */
export const site: CommandHandler<"SITE"> = async (context, argument) => {
  const space = argument.indexOf(" ");
  const verb = (space < 0 ? argument : argument.slice(0, space)).toUpperCase();
  const row = siteRow(context, verb);
  const unpaired = { pair: { kind: "none" } } as const;
  if (row === undefined) return { reply: reply(500, "There is no such SITE command here."), changes: unpaired };
  const outcome = await row.handle(context, (space < 0 ? "" : argument.slice(space + 1)) as Octets);
  return { ...outcome, changes: { ...unpaired, ...outcome.changes } };
};
