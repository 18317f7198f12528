import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { codeOf, ProbeConnection, type Answer } from "./control.ts";
import type { InspectedServer } from "./inspected-server.ts";

/** What the name system says of the host. An absent list could not be had, an empty one is empty. */
export interface NameFacts {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  /** Greetings by address, of one address of each family that was not inspected itself. */
  readonly others: readonly { readonly address: string; readonly greeting: Answer | undefined }[];
  /** CAA records of the name itself (RFC 8659). */
  readonly authorities: readonly string[] | undefined;
  /** TLSA records by the port that they are for (RFC 6698 §3). */
  readonly tlsa: Readonly<Record<string, readonly string[] | undefined>>;
  /** Names of the address that was inspected. */
  readonly reverse: readonly string[];
}

/** Asks the name system; undefined for a host that is no name of it. */
export async function probeNames(server: InspectedServer): Promise<NameFacts | undefined> {
  const { host, address, ports, nameServers } = server;
  if (isIP(host) !== 0 || !host.includes(".")) return undefined;
  const resolver = new Resolver({ timeout: lookupMs, tries: 2 });
  if (nameServers !== undefined) resolver.setServers([...nameServers]);
  const [ipv4, ipv6, authorities, reverse] = await Promise.all([
    listed(resolver.resolve4(host)),
    listed(resolver.resolve6(host)),
    listed(resolver.resolveCaa(host)),
    listed(resolver.reverse(address)),
  ]);
  const tlsa: Record<string, readonly string[] | undefined> = {};
  for (const port of [ports.explicit, ports.implicit]) {
    if (port === undefined) continue;
    const records = await listed(resolver.resolveTlsa(`_${port}._tcp.${host}`));
    tlsa[port] = records?.map(({ certUsage, selector, match, data }) => {
      return `${certUsage} ${selector} ${match} ${Buffer.from(data).toString("hex")}`;
    });
  }
  const [v4 = [], v6 = []] = [ipv4, ipv6];
  return {
    ...{ ipv4: v4, ipv6: v6, tlsa, reverse: reverse ?? [] },
    authorities: authorities?.map((record) => authorityText(record)),
    others: await otherGreetings(server, [v4, v6]),
  };
}

/** One address of each family that is not the inspected one. */
async function otherGreetings(server: InspectedServer, families: readonly (readonly string[])[]) {
  const others: { readonly address: string; readonly greeting: Answer | undefined }[] = [];
  for (const family of families) {
    const [address] = family.includes(server.address) ? [] : family;
    if (address === undefined || server.ports.explicit === undefined) continue;
    const opened = await ProbeConnection.greeted({ ...server, address }, server.ports.explicit);
    others.push({ address, greeting: "kind" in opened ? undefined : opened.greeting });
    if (!("kind" in opened)) await opened.connection[Symbol.asyncDispose]();
  }
  return others;
}

const lookupMs = 2000;

/** No such record is an empty list; a name server that does not answer is none. */
async function listed<Item>(asking: Promise<readonly Item[]>): Promise<readonly Item[] | undefined> {
  try {
    return await asking;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    return code === "ENODATA" || code === "ENOTFOUND" ? [] : undefined;
  }
}

function authorityText(record: object): string {
  return Object.entries(record)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}

/** Whether an address greets as a server does. */
export function isGreeting(answer: Answer | undefined): boolean {
  return codeOf(answer) === 220;
}
