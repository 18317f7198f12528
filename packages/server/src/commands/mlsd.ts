import { childPath, formatEntryLine, type Octets, parentPath, reply, type VirtualPath } from "@sallyport/protocol";
import type { Entry } from "@sallyport/server/storage";
import { type CommandContext, type CommandHandler, withPath } from "../command-handler.ts";
import type { Login } from "../login/login-state.ts";
import { factEntry } from "../listing/fact-entry.ts";
import { linesInChunks, sendListing } from "../listing/listing.ts";

/** RFC 3659 §7: 501 for what is no directory, lines without leading space, streamed as the storage gives them. */
export const mlsd: CommandHandler<"MLSD"> = (context, pathname) =>
  withPath(context, pathname, async (path, login) => {
    const entry = await login.storage.stat(path, { followLinks: true });
    if (entry.type !== "directory") return { reply: reply(501, "MLSD lists directories; use MLST.") };
    return sendListing(context, path, factLines(context, login, path, entry));
  });

async function* factLines(context: CommandContext, login: Login, directory: VirtualPath, self: Entry) {
  let special = await specialEntries(context, login, directory, self);
  for await (const slice of login.storage.list(directory)) {
    // Not before the directory has shown that it can be listed.
    yield* linesInChunks(special, (line) => line);
    special = [];
    yield* linesInChunks(slice, (entry) =>
      formatEntryLine(context.state.facts, factEntry(context, login, childPath(directory, entry.name), entry)),
    );
  }
  yield* linesInChunks(special, (line) => line);
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
