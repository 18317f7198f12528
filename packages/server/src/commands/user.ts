import { isProtectedForLogin, type Octets, reply, rootPath, textFromOctets } from "@sallyport/protocol";
import type { CommandContext, CommandHandler } from "../command-handler.ts";
import type { LoginMethod } from "../login/login-state.ts";
import { acceptLogin, loginFacts, refusePrincipal, refuseWithoutKerberos, refuseWithoutTls } from "../login/login.ts";

/**
 * Starts a login and drops the one before (R-959-22). A name that does not exist is asked for its password like any
 * other (R-959-21). Where TLS is required and missing, no password is ever asked for (R-4217-06).
 */
export const user: CommandHandler<"USER"> = async (context, argument) => {
  const { state, environment } = context;
  if (!isProtectedForLogin(state.policy, state.control)) return refuseWithoutTls(context);
  if (state.policy.messageSecurity === "require" && state.control !== "wrapped") return refuseWithoutKerberos(context);
  const name = nameFromOctets(argument);
  const account = await environment.authenticator.identify?.(name, loginFacts(context));
  if (account !== undefined) {
    return acceptLogin(context, name, account, provenBy(context));
  }
  const anonymous = environment.authenticator.isAnonymous?.(name) === true;
  // Who has shown a ticket is that principal, and no password makes it another.
  if (state.control === "wrapped" && !anonymous) return refusePrincipal(context, name);
  return {
    reply: reply(331, anonymous ? "Any password will do; an e-mail address is polite." : "The password, please."),
    changes: { login: { kind: "user-given", user: name }, workingDirectory: rootPath },
  };
};

function provenBy({ control }: CommandContext): LoginMethod {
  if (control.security !== undefined) return "kerberos";
  return control.tls?.clientCertificate === undefined ? "open" : "client-certificate";
}

/** Names are UTF-8; a name in another charset is taken octet for octet. */
function nameFromOctets(octets: Octets): string {
  return textFromOctets(octets) ?? octets;
}
