import type { Account } from "@sallyport/server/accounts";
import { withPermissions } from "@sallyport/server/accounts";
import { quota, readOnly, type Storage, subtree } from "@sallyport/server/storage";
import type { FtpServerOptions } from "./options.ts";

/** The files of one login: its home as root, within its quota and its permissions. */
export async function loginStorage({ storage }: FtpServerOptions, account: Account): Promise<Storage> {
  const given = typeof storage === "function" ? await storage(account) : subtree(storage.forOwner(account.name), account.home);
  return withPermissions(given, account);
}
