import { getServers, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { escapeControls } from "@sallyport/protocol";
import { codeOf, ProbeConnection, type Answer } from "./control.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { askServiceBindings, type ServiceBinding } from "./service-bindings.ts";

/** What the name system says of the host. An absent list could not be had, an empty one is empty. */
export interface NameFacts {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  /** Greetings by address, of one address of each family that was not inspected itself. */
  readonly others: readonly OtherAddress[];
  /** Records that lead to the service under another name or port (RFC 2782), by the name that was asked. */
  readonly services: readonly { readonly name: string; readonly records: readonly string[] | undefined }[];
  /** HTTPS records of the host (RFC 9460). */
  readonly bindings: readonly ServiceBinding[] | undefined;
  /** CAA records of the name itself (RFC 8659). */
  readonly authorities: readonly string[] | undefined;
  /** TLSA records by the port that they are for (RFC 6698 §3). */
  readonly tlsa: Readonly<Record<string, readonly string[] | undefined>>;
  /** Names of the address that was inspected. */
  readonly reverse: readonly string[];
}

/** An address of the host that is not the one inspected. */
export interface OtherAddress {
  readonly address: string;
  readonly greeting: Answer | undefined;
  /** SHA-256 of the certificate there; undefined without TLS. */
  readonly fingerprint: string | undefined;
}

/** Asks the name system; undefined for a host that is no name of it. */
export async function probeNames(server: InspectedServer): Promise<NameFacts | undefined> {
  const { host, address, ports, nameServers } = server;
  if (isIP(host) !== 0 || !host.includes(".")) return undefined;
  const resolver = new Resolver({ timeout: lookupMs, tries: 2 });
  if (nameServers !== undefined) resolver.setServers([...nameServers]);
  const [nameServer] = nameServers ?? getServers();
  const services = await Promise.all(
    serviceNames.map(async (service) => {
      const name = `${service}.${host}`;
      const found = await listed(resolver.resolveSrv(name));
      const records = found?.map(
        (record) => `${record.priority} ${record.weight} ${record.port} ${escapeControls(record.name)}`,
      );
      return { name, records };
    }),
  );
  const [ipv4, ipv6, authorities, reverse, bindings] = await Promise.all([
    listed(resolver.resolve4(host)),
    listed(resolver.resolve6(host)),
    listed(resolver.resolveCaa(host)),
    listed(resolver.reverse(address)),
    nameServer === undefined ? undefined : askServiceBindings(nameServer, host, lookupMs),
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
    ...{ ipv4: v4, ipv6: v6, tlsa, reverse: reverse ?? [], services, bindings },
    authorities: authorities?.map((record) => authorityText(record)),
    others: await otherGreetings(server, [v4, v6]),
  };
}

/** By IANA's names of the services, which some clients ask for. */
const serviceNames = ["_ftp._tcp", "_ftps._tcp"];

/** Asks one address of each family that is not the inspected one. */
async function otherGreetings(server: InspectedServer, families: readonly (readonly string[])[]) {
  const others: OtherAddress[] = [];
  for (const family of families) {
    const address = family.find((candidate) => candidate !== server.address && server.permits(candidate));
    if (address === undefined || server.ports.explicit === undefined) continue;
    const opened = await ProbeConnection.greeted({ ...server, address }, server.ports.explicit);
    if ("kind" in opened) {
      others.push({ address, greeting: undefined, fingerprint: undefined });
      continue;
    }
    await using connection = opened.connection;
    const isSecure = codeOf(await connection.command("AUTH TLS")) === 234;
    const secured = isSecure ? await connection.startTls() : undefined;
    const fingerprint = secured?.kind === "secured" ? secured.chain[0]?.fingerprint : undefined;
    others.push({ address, greeting: opened.greeting, fingerprint });
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
