import { type AuthMechanism, UsageError } from "@sallyport/protocol";
import type { ClientOptions } from "../options.ts";
import type { MessageSecurityPlan } from "./security-exchange.ts";
import type { SecurityWish } from "./security-choice.ts";

type Asked = Pick<ClientOptions, "authOrder" | "gssapi" | "dataProtection">;

/** What AUTH names, in order. GSSAPI stands there once for each name of the server (R-GSS-02). */
export function authMechanisms(options: Asked): readonly AuthMechanism[] {
  return authOrderOf(options).flatMap((name) => (name === "GSSAPI" ? servicesOf(options).map(() => name) : [name]));
}

/** What the client does behind AUTH GSSAPI with a host; undefined where that is not asked for. */
export function messageSecurityPlan(host: string, options: Asked): MessageSecurityPlan | undefined {
  const { gssapi, dataProtection = "P" } = options;
  if (gssapi === undefined || !asksForGssapi(options)) return undefined;
  const { mechanism, commands = "private", delegate = false } = gssapi;
  const name = (gssapi.host ?? host).toLowerCase().replace(/\.$/, "");
  return {
    mechanism,
    targets: servicesOf(options).map((service) => `${service}@${name}`),
    delegate,
    encryptsCommands: commands === "private",
    needsConfidentiality: commands === "private" || dataProtection === "P",
  };
}

/**
 * Where GSSAPI is asked for, the connection begins in clear, and with AUTH: it is then the only way that is tried. Throws
 * UsageError for what cannot be.
 */
export function wishWithGssapi(wish: SecurityWish, options: Asked): SecurityWish {
  const { gssapi, dataProtection } = options;
  if (!asksForGssapi(options)) {
    if (dataProtection === "S") throw new UsageError("SALLYPORT_GSSAPI_ONLY", "TLS has no protection level S");
    return wish;
  }
  if (gssapi === undefined) {
    throw new UsageError("SALLYPORT_GSSAPI_WITHOUT_MECHANISM", "AUTH GSSAPI needs the option gssapi with a mechanism");
  }
  if (wish.security === "implicit" || wish.security === "plain") {
    const message = `GSSAPI begins on a clear connection with AUTH, and not ${wish.security}`;
    throw new UsageError("SALLYPORT_GSSAPI_NOT_EXPLICIT", message);
  }
  if (dataProtection === "S" && authOrderOf(options).some((name) => name !== "GSSAPI")) {
    throw new UsageError("SALLYPORT_GSSAPI_ONLY", "TLS has no protection level S: leave it out of the order");
  }
  return { ...wish, security: "explicit" };
}

export function asksForGssapi(options: Asked): boolean {
  return authOrderOf(options).includes("GSSAPI");
}

function authOrderOf({ authOrder, gssapi }: Asked): readonly AuthMechanism[] {
  return authOrder ?? (gssapi === undefined ? ["TLS", "SSL"] : ["GSSAPI"]);
}

function servicesOf({ gssapi }: Asked): readonly string[] {
  return gssapi?.services ?? ["ftp", "host"];
}
