import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * An address of this machine that is not the one the control connection comes from, and from which the server can be
 * reached as well; undefined where there is none.
 */
export function strangerAddress(localAddress: string | undefined): string | undefined {
  const own = localAddress?.replace(/^::ffff:/, "");
  if (own === undefined) return undefined;
  // The whole of 127/8 is this machine (RFC 1122 §3.2.1.3); where the system does not think so, connecting fails.
  if (own.startsWith("127.")) return own === "127.0.0.2" ? "127.0.0.3" : "127.0.0.2";
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(
    ({ address, internal }) => !internal && isIP(address) === isIP(own) && address !== own && !/^fe80:/i.test(address),
  )?.address;
}
