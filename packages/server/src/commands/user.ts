import { type Octets, reply, rootPath, textFromOctets } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";
import { acceptLogin, loginFacts, refuseWithoutTls } from "../login/login.ts";

/**
 * Starts a login and drops the one before (R-959-22). A name that does not exist is asked for its password like any
 * other (R-959-21). Where TLS is required and missing, no password is ever asked for (R-4217-06).
 */
export const user: CommandHandler<"USER"> = async (context, argument) => {
  const { state, environment } = context;
  if (state.policy.requireTlsForLogin && state.control !== "tls") {
    return refuseWithoutTls(context);
  }
  const name = nameFromOctets(argument);
  const account = await environment.authenticator.identify?.(name, loginFacts(context));
  if (account !== undefined) {
    const method = context.control.tls?.clientCertificate === undefined ? "open" : "client-certificate";
    return acceptLogin(context, name, account, method);
  }
  const anonymous = environment.authenticator.isAnonymous?.(name) === true;
  return {
    reply: reply(331, anonymous ? "Any password will do; an e-mail address is polite." : "The password, please."),
    changes: { login: { kind: "user-given", user: name }, workingDirectory: rootPath },
  };
};

/** Names are UTF-8; a name in another charset is taken octet for octet. */
function nameFromOctets(octets: Octets): string {
  return textFromOctets(octets) ?? octets;
}
