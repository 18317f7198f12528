import type { GssapiOptions } from "@sallyport/server";
import type { Authenticator } from "@sallyport/server/accounts";
import { startTestServer, testAccount, type TestServer, type TestServerOptions } from "@sallyport/testing";
import type { SecurityMechanism } from "@sallyport/transport";

/** Lets in by a ticket, and everybody by the password `secret`. */
const authenticator: Authenticator = {
  identify: async (user, { principal }) =>
    principal?.accountNames.includes(user) === true ? testAccount(user) : undefined,
  authenticate: async (user, password) =>
    password === "secret" ? { kind: "accepted", account: testAccount(user) } : { kind: "refused" },
};

/** A server of ours to which Kerberos is protection enough. */
export function startKerberosServer(
  mechanism: SecurityMechanism,
  { gssapi, ...options }: Omit<TestServerOptions, "gssapi"> & { readonly gssapi?: Partial<GssapiOptions> } = {},
): Promise<TestServer> {
  return startTestServer({ authenticator, ...options, gssapi: { mechanism, suffices: true, ...gssapi } });
}
