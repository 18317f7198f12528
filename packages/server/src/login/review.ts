import { isProtectedForLogin } from "@sallyport/protocol";
import { isDeepStrictEqual } from "node:util";
import type { LoginReview } from "@sallyport/server/accounts";
import { StorageError } from "@sallyport/server/storage";
import type { CommandContext } from "../command-handler.ts";
import type { ServerEnvironment } from "../environment.ts";
import { loginFacts } from "./login.ts";
import type { Login, PiState } from "./login-state.ts";

/** What a login is after accounts may have changed. */
export type ReviewedLogin =
  | { readonly kind: "stays" }
  /** The account has other rights: this login goes on with them from the next command on. */
  | { readonly kind: "refreshed"; readonly login: Login; readonly policy: PiState["policy"] }
  /** `text` is for the peer, `cause` for the log. */
  | { readonly kind: "ended"; readonly text: string; readonly cause: string };

/** What may have changed for everybody since. */
export type ReviewGrounds = Pick<ServerEnvironment, "authenticator" | "gssapi">;

/** Looks at a login again: whether it would still be let in, and with which rights. */
export async function reviewLogin(
  context: CommandContext,
  { user, login }: { readonly user: string; readonly login: Login },
  { authenticator, gssapi }: ReviewGrounds,
): Promise<ReviewedLogin> {
  const { account } = login;
  if (account.anonymous && authenticator.isAnonymous?.(user) !== true) return ended("anonymous logins are off");
  const past = { user, account, method: login.method, sinceMs: login.sinceMs, facts: loginFacts(context, gssapi) };
  const review = await authenticator.review?.(past);
  if (review === undefined) return { kind: "stays" };
  if (review.kind === "ended") return ended(review.reason);
  return isDeepStrictEqual(review.account, account) ? { kind: "stays" } : refreshed(context, login, review);
}

/** Rights are taken up as they are; paths that mean other files are not. */
async function refreshed(
  context: CommandContext,
  login: Login,
  { account }: Extract<LoginReview, { readonly kind: "stays" }>,
): Promise<ReviewedLogin> {
  const { environment, control, state } = context;
  if (account.home !== login.account.home) return ended("the home of the account was moved");
  const policy = environment.policyFor(control.listener, account);
  if (!isProtectedForLogin(policy, state.control)) return ended("the account needs TLS by now");
  const opened = await environment.openLogin(account, control).catch((error: unknown) => {
    if (!(error instanceof StorageError)) throw error;
    return undefined;
  });
  if (opened === undefined) return ended("the home directory of the account cannot be entered");
  return { kind: "refreshed", login: { ...login, ...opened }, policy };
}

function ended(cause: string): ReviewedLogin {
  return { kind: "ended", text: "The account was changed by the administrator.", cause };
}
