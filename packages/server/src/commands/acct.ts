import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** Accounts in the sense of ACCT are not used here: superfluous after login, out of order before (R-959-24). */
export const acct: CommandHandler<"ACCT"> = ({ state }) => ({
  reply:
    state.login.kind === "logged-in" ? reply(202, "No account is needed.") : reply(503, "USER and PASS come first."),
});
