import type { Account } from "@sallyport/server/accounts";
import { withPermissions } from "@sallyport/server/accounts";
import type { Storage } from "@sallyport/server/storage";
import type { FtpServerOptions } from "./options.ts";

/** The files of one login: its home as root, within its quota and its permissions. */
export async function loginStorage({ storage }: FtpServerOptions, account: Account): Promise<Storage> {
  const given = typeof storage === "function" ? await storage(account) : storage.forOwner(account.name);
  return withPermissions(given, account);
}
