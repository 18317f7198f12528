import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { buildClientHello, type HelloOffer } from "../hello/build-hello.ts";
import { everySuite, groupClasses, signatureAlgorithms, suiteClasses } from "../hello/suites.ts";
import { readyForHello } from "./hellos.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { ProbeConnection } from "./control.ts";
import type { LoginPlace } from "./secure-connection.ts";

/** All that a port takes, found by offering the rest each time; in the order in which the server picked. */
export interface EnumerationFacts extends LoginPlace {
  /** Suites by version: 0x0303 and so on. */
  readonly suites: readonly { readonly version: number; readonly taken: readonly number[] }[];
  /** Groups of TLS 1.3. */
  readonly groups: readonly number[];
  /** What handshakes of TLS 1.2 are signed with. */
  readonly signatures: readonly number[];
}

const allSuites = [...everySuite, ...suiteClasses.broken];
const allGroups = [...groupClasses.postQuantum, ...groupClasses.classical, 0x001f, 0x0020, 0x0021, 0x0103, 0x0104];

/** Takes as many connections as the server takes suites and groups, one after the other, and one more for each list. */
export async function probeEverything(server: InspectedServer, place: LoginPlace): Promise<EnumerationFacts> {
  const older = { groups: groupClasses.classical, signatureAlgorithms };
  const suites: EnumerationFacts["suites"][number][] = [];
  for (const version of [0x0303, 0x0302, 0x0301]) {
    const taken = await eliminate(server, place, allSuites, (left) => ({ ...older, version, suites: left }), version);
    suites.push({ version, taken });
  }
  const newest = { ...older, version: 0x0303, supportedVersions: [0x0304] };
  const ofNewest = await eliminate(server, place, suiteClasses.tls13, (left) => ({ ...newest, suites: left }), 0x0304);
  const groups = await eliminateGroups(server, place, (left) => ({
    ...newest,
    suites: suiteClasses.tls13,
    groups: left,
  }));
  const signatures = await eliminateSignatures(server, place, (left) => ({
    ...older,
    version: 0x0303,
    suites: suiteClasses.forwardAead,
    signatureAlgorithms: left,
  }));
  return { ...place, suites: [{ version: 0x0304, taken: ofNewest }, ...suites], groups, signatures };
}

async function eliminate(
  server: InspectedServer,
  place: LoginPlace,
  offered: readonly number[],
  offer: (left: readonly number[]) => HelloOffer,
  version: number,
): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let left = offered; left.length > 0; left = left.filter((suite) => !taken.includes(suite))) {
    const hello = (await ask(server, place, offer(left)))?.hello;
    // A server that picks what was not offered, or another version, would keep this going for ever.
    if (hello?.version !== version || !left.includes(hello.cipherSuite)) break;
    taken.push(hello.cipherSuite);
  }
  return taken;
}

async function eliminateGroups(
  server: InspectedServer,
  place: LoginPlace,
  offer: (left: readonly number[]) => HelloOffer,
): Promise<readonly number[]> {
  const taken: number[] = [];
  for (
    let left: readonly number[] = allGroups;
    left.length > 0;
    left = left.filter((group) => !taken.includes(group))
  ) {
    const group = (await ask(server, place, offer(left)))?.hello.group;
    if (group === undefined || !left.includes(group)) break;
    taken.push(group);
  }
  return taken;
}

async function eliminateSignatures(
  server: InspectedServer,
  place: LoginPlace,
  offer: (left: readonly number[]) => HelloOffer,
): Promise<readonly number[]> {
  const taken: number[] = [];
  for (
    let left: readonly number[] = signatureAlgorithms;
    left.length > 0;
    left = left.filter((algorithm) => !taken.includes(algorithm))
  ) {
    const algorithm = (await ask(server, place, offer(left)))?.keyExchange?.signatureAlgorithm;
    if (algorithm === undefined || !left.includes(algorithm)) break;
    taken.push(algorithm);
  }
  return taken;
}

async function ask(server: InspectedServer, place: LoginPlace, offer: HelloOffer) {
  const ready = await readyForHello(server, place, undefined, {});
  if (!(ready instanceof ProbeConnection)) return undefined;
  await using connection = ready;
  const named = isIP(server.host) === 0 ? { ...offer, serverName: server.host } : offer;
  const answer = await connection.hello(buildClientHello(named, randomBytes(64)));
  return answer.kind === "hello" ? answer : undefined;
}
