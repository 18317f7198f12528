import { childPath, type FactEntry, type FactType, type VirtualPath } from "@sallyport/protocol";
import { permLetters } from "@sallyport/server/accounts";
import type { Entry } from "@sallyport/server/storage";
import type { CommandContext } from "../command-handler.ts";
import type { Login } from "../login/login-state.ts";
import { identityTokens } from "./identity-tokens.ts";

const factTypes: Readonly<Record<Entry["type"], FactType>> = {
  file: "file",
  directory: "dir",
  "symbolic-link": "slink",
  other: "other",
};

/** Turns the entry at a path into facts for this login; `perm` is what this login may do. */
export function factEntry(context: CommandContext, { account }: Login, path: VirtualPath, entry: Entry): FactEntry {
  const wanted = context.state.facts;
  const [unique] = wanted.includes("unique") ? tokensOf(context, [entry]) : [];
  return facts(entry, wanted.includes("perm") ? permLetters(account, path, entry) : undefined, unique);
}

/** The same for entries of one directory, at once; accounts without rules are told the letters of each kind once. */
export function factEntries(
  context: CommandContext,
  { account }: Login,
  directory: VirtualPath,
  entries: readonly Entry[],
): FactEntry[] {
  const wanted = context.state.facts;
  const tokens = wanted.includes("unique") ? tokensOf(context, entries) : [];
  const known = account.permissions.length === 0 ? new Map<string, string>() : undefined;
  const letters = (entry: Entry): string => {
    const kind = entry.incomplete === true ? "incomplete" : entry.type;
    const found = known?.get(kind) ?? permLetters(account, childPath(directory, entry.name), entry);
    known?.set(kind, found);
    return found;
  };
  const wantsLetters = wanted.includes("perm");
  return entries.map((entry, at) => facts(entry, wantsLetters ? letters(entry) : undefined, tokens[at]));
}

function tokensOf({ environment }: CommandContext, entries: readonly Entry[]): string[] {
  return identityTokens(
    environment.ledger.identityKey,
    entries.map(({ identity }) => identity),
  );
}

function facts(entry: Entry, perm: string | undefined, unique: string | undefined): FactEntry {
  return {
    name: entry.name,
    type: factTypes[entry.type],
    target: entry.target,
    sizeBytes: entry.sizeBytes,
    modifiedMs: entry.modifiedMs,
    createdMs: entry.createdMs,
    perm,
    unique,
    mode: entry.mode,
    userId: entry.userId,
    groupId: entry.groupId,
  };
}
