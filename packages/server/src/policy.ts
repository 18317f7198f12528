import type { LimitValues, ServerPiPolicy } from "@sallyport/protocol";
import type { Account } from "@sallyport/server/accounts";
import type { DataPolicy } from "./environment.ts";
import type { FtpServerOptions, ListenerOptions } from "./options.ts";

/**
 * What the server-PI has to demand on a listener, and of an account once it is known. An account's own demand replaces
 * the listener's for data; for the login itself it can only add to it, since the listener's was applied before the
 * account was known. Implicit listeners are TLS from the first octet, so the demand for login is met by construction.
 */
export function piPolicyFor(
  options: FtpServerOptions,
  limits: LimitValues,
  listener: ListenerOptions,
  account?: Account,
): ServerPiPolicy {
  const ofListener = listener.requireTls ?? "login,data";
  const demanded = account?.requireTls ?? ofListener;
  return {
    requireTlsForLogin: [ofListener, demanded].some((demand) => demand.includes("login")),
    requireTlsForData: demanded.includes("data"),
    messageSecurity: options.gssapi === undefined ? "off" : messageSecurityOf(listener),
    messagesSuffice: options.gssapi?.suffices ?? false,
    strictProtectionOrder: options.strictProtectionOrder ?? false,
    capabilities: new Set([...(options.capabilities ?? []), ...(options.fxp === undefined ? [] : (["fxp"] as const))]),
    commandQueueMax: limits.commandQueueCount,
    unknownVerbsMax: limits.unknownVerbsCount,
  };
}

/** Inside TLS there is no second security layer (R-GSS-07), and implicit listeners are TLS from the first octet. */
function messageSecurityOf({ tlsMode, gssapi }: ListenerOptions): ServerPiPolicy["messageSecurity"] {
  return tlsMode === "implicit" ? "off" : (gssapi ?? "offer");
}

/** How data connections of an account are judged on a listener. */
export function dataPolicyFor(listener: ListenerOptions, account: Account): DataPolicy {
  return {
    resumption: account.dataResumption ?? listener.dataResumption ?? "adaptive",
    uncleanClose: account.uncleanDataClose ?? listener.uncleanDataClose ?? "refuse",
  };
}
