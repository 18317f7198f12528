import { formatEntryLine, type Octets, parentPath, reply, type VirtualPath } from "@sallyport/protocol";
import type { Entry } from "@sallyport/server/storage";
import { type CommandContext, type CommandHandler, withPath } from "../command-handler.ts";
import type { Login } from "../login/login-state.ts";
import { factEntries, factEntry } from "../listing/fact-entry.ts";
import { LineGatherer, sendListing } from "../listing/listing.ts";

/** RFC 3659 §7: 501 for what is no directory, lines without leading space, streamed as the storage gives them. */
export const mlsd: CommandHandler<"MLSD"> = (context, pathname) =>
  withPath(context, pathname, async (path, login) => {
    const entry = await login.storage.stat(path, { followLinks: true });
    if (entry.type !== "directory") return { reply: reply(501, "MLSD lists directories; use MLST.") };
    return sendListing(context, path, factLines(context, login, path, entry));
  });

async function* factLines(context: CommandContext, login: Login, directory: VirtualPath, self: Entry) {
  const lines = new LineGatherer();
  for (const line of await specialEntries(context, login, directory, self)) lines.add(line);
  const { facts } = context.state;
  for await (const slice of login.storage.list(directory)) {
    for (const entry of factEntries(context, login, directory, slice)) lines.add(formatEntryLine(facts, entry));
    if (lines.isFull) yield lines.take();
  }
  yield lines.take();
}

/** The directory itself and its parent, as RFC 3659 §7.5.1 has them; the root has no parent to show. */
async function specialEntries(
  context: CommandContext,
  login: Login,
  directory: VirtualPath,
  self: Entry,
): Promise<Octets[]> {
  const { facts } = context.state;
  const cdir = formatEntryLine(facts, {
    ...factEntry(context, login, directory, self),
    type: "cdir",
    name: "." as Octets,
  });
  if (directory === "/") return cdir === undefined ? [] : [cdir];
  const parent = parentPath(directory);
  const entry = await login.storage.stat(parent);
  const pdir = formatEntryLine(facts, {
    ...factEntry(context, login, parent, entry),
    type: "pdir",
    name: ".." as Octets,
  });
  return [cdir, pdir].filter((line) => line !== undefined);
}
