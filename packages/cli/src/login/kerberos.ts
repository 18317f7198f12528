import { userInfo } from "node:os";
import type { ClientOptions, GssapiWishes } from "@sallyport/client";
import { UsageError } from "@sallyport/protocol";
import type { ClientFlags } from "../client-flags.ts";

type KerberosOptions = Pick<ClientOptions, "gssapi" | "dataProtection">;

/** What the library is told of `--gssapi` and the flags that belong to it; undefined without them. */
export async function kerberosOptions(flags: ClientFlags): Promise<KerberosOptions | undefined> {
  const { gssapi, gssapiService, gssapiProtection = "private" } = flags;
  if (gssapi !== true) {
    if (gssapiService === undefined && flags.gssapiProtection === undefined) return undefined;
    throw new UsageError(
      "SALLYPORT_USAGE_CONTRADICTION",
      `${gssapiService === undefined ? "--gssapi-protection" : "--gssapi-service"} is about Kerberos: give --gssapi, too.`,
    );
  }
  const [service, host] = gssapiService?.split("@") ?? [];
  return {
    gssapi: {
      mechanism: await ticketMechanism(),
      ...(service !== undefined && { services: [service] }),
      ...(host !== undefined && { host }),
    },
    dataProtection: levels[gssapiProtection],
  };
}

/** Who logs in by a ticket where nobody is named: whoever runs the command, as with other programs for Kerberos. */
export function ticketUser({ gssapi }: ClientFlags): string | undefined {
  return gssapi === true ? userInfo().username : undefined;
}

const levels = { private: "P", safe: "S", clear: "C" } as const;

let started: Promise<GssapiWishes["mechanism"]> | undefined;

/** One for all servers of the process, which it does not keep alive. */
export function ticketMechanism(): Promise<GssapiWishes["mechanism"]> {
  return (started ??= import("@sallyport/gssapi").then(({ gssapiMechanism }) => gssapiMechanism()));
}
