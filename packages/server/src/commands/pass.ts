import { isProtectedForLogin, reply, textFromOctets } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";
import { checkPassword, refuseWithoutTls } from "../login/login.ts";

/** Follows USER at once, or is 503; superfluous after login (R-959-23). */
export const pass: CommandHandler<"PASS"> = (context, argument) => {
  const { state } = context;
  if (state.login.kind === "logged-in") return { reply: reply(202, "You are logged in already.") };
  if (state.login.kind === "greeted") return { reply: reply(503, "USER comes first.") };
  if (!isProtectedForLogin(state.policy, state.control)) return refuseWithoutTls(context);
  return checkPassword(context, state.login.user, textFromOctets(argument) ?? argument);
};
