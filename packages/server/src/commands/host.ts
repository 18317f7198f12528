import { reply } from "@sallyport/protocol";
import { isIP } from "node:net";
import type { CommandContext, CommandHandler } from "../command-handler.ts";

const domainName = /^(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/;

/**
 * RFC 7151: names the virtual host before login; the last one counts (R-7151-01). It must equal the name that TLS was
 * asked for (R-7151-02), and a literal address must be the one that the client reached.
 */
export const host: CommandHandler<"HOST"> = (context, argument) => {
  const { state } = context;
  if (state.login.kind !== "greeted") return { reply: reply(503, "HOST comes before USER.") };
  const name = argument.toLowerCase();
  const bracketed = /^\[(.+)\]$/.exec(name)?.[1];
  const address = bracketed ?? (isIP(name) === 4 ? name : undefined);
  if (address !== undefined) {
    if (isIP(address) === 0) return { reply: reply(501, "HOST takes a name or an address.") };
    if (!sameAddress(address, context.control.localAddress))
      return { reply: reply(504, "That host is not served here.") };
  } else {
    if (name.length > 253 || !domainName.test(name)) return { reply: reply(501, "HOST takes a name without a port.") };
    if (!isServed(context, name)) return { reply: reply(504, "That host is not served here.") };
  }
  return { reply: reply(220, "Host accepted."), changes: { host: name } };
};

function isServed({ control, environment }: CommandContext, name: string): boolean {
  const sni = control.tls?.serverName;
  if (sni !== undefined && sni.toLowerCase() !== name) return false;
  const { hosts } = environment.options;
  return hosts === undefined || hosts.some((served) => served.toLowerCase() === name);
}

function sameAddress(left: string, right: string): boolean {
  return canonical(left) === canonical(right);
}

function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]/`).hostname : address;
}
