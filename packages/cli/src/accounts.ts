import type { AccountDatabase } from "@sallyport/server/accounts";
import { openState } from "./state.ts";

/** Opens the accounts of a state directory; with `create` both are made where they are missing. */
export async function openAccounts(path: string | undefined, options = { create: false }): Promise<AccountDatabase> {
  const state = openState(path, { ...options, loads: true });
  const accounts = await import("@sallyport/server/accounts");
  return accounts.AccountDatabase.open(state.accounts, options);
}
