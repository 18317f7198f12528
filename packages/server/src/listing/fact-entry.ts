import type { FactEntry, FactType, VirtualPath } from "@sallyport/protocol";
import { permLetters } from "@sallyport/server/accounts";
import type { Entry } from "@sallyport/server/storage";
import { hash } from "node:crypto";
import type { CommandContext } from "../command-handler.ts";
import type { Login } from "../login/login-state.ts";

const factTypes: Readonly<Record<Entry["type"], FactType>> = {
  file: "file",
  directory: "dir",
  "symbolic-link": "slink",
  other: "other",
};

/**
 * Turns an entry into facts for this login. `unique` is a keyed digest of the entry's identity, so that hard links
 * agree and neither device nor inode shows (R-3659-14); `perm` is what this login may do.
 */
export function factEntry(context: CommandContext, { account }: Login, path: VirtualPath, entry: Entry): FactEntry {
  const wanted = context.state.facts;
  return {
    name: entry.name,
    type: factTypes[entry.type],
    target: entry.target,
    sizeBytes: entry.sizeBytes,
    modifiedMs: entry.modifiedMs,
    createdMs: entry.createdMs,
    perm: wanted.includes("perm") ? permLetters(account, path, entry) : undefined,
    unique: wanted.includes("unique") ? uniqueToken(context.environment.ledger.identityKey, entry.identity) : undefined,
    mode: entry.mode,
    userId: entry.userId,
    groupId: entry.groupId,
  };
}

function uniqueToken(key: string, identity: string): string {
  return hash("sha256", `${key}:${identity}`, "base64url").slice(0, 16).replaceAll("_", ".");
}
