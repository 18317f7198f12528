import { childPath, pathComponents, rootPath, type VirtualPath } from "@sallyport/protocol";
import { type Account, withPermissions } from "@sallyport/server/accounts";
import { quota, type Storage, StorageError, subtree } from "@sallyport/server/storage";
import type { ServerLedger } from "../ledger/ledger.ts";
import type { FtpServerOptions } from "../options.ts";
import type { Login } from "./login-state.ts";

/**
 * The files of one login: its home as root, within its quota, with its permissions and without. A home that is missing
 * is made, unless the account may only read.
 */
export async function loginStorage(
  { storage }: FtpServerOptions,
  ledger: ServerLedger,
  account: Account,
  from: { readonly remoteAddress: string },
): Promise<Pick<Login, "storage" | "files">> {
  const given =
    typeof storage === "function"
      ? await storage(account, from)
      : await homeOf(storage.forOwner(account.name), account);
  const limited =
    account.quotaBytes === undefined ? given : quota(given, ledger.quotaOf(account.name, account.quotaBytes));
  return { storage: withPermissions(limited, account), files: limited };
}

async function homeOf(whole: Storage, { home, readOnly }: Account): Promise<Storage> {
  if (home === rootPath) return whole;
  if (!readOnly) await makeWithParents(whole, home);
  return subtree(whole, home);
}

async function makeWithParents(storage: Storage, directory: VirtualPath): Promise<void> {
  let path = rootPath;
  for (const name of pathComponents(directory)) {
    path = childPath(path, name);
    try {
      await storage.makeDirectory(path);
    } catch (error) {
      if (!(error instanceof StorageError) || error.kind !== "exists") throw error;
    }
  }
}
