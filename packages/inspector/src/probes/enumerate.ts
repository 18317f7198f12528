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
  const answerTo = (offer: HelloOffer) => ask(server, place, offer);
  const suitesOf = (version: number, offered: readonly number[], rest: Omit<HelloOffer, "suites">) =>
    eliminate(offered, async (suites) => {
      const hello = (await answerTo({ ...rest, suites }))?.hello;
      return hello?.version === version ? hello.cipherSuite : undefined;
    });
  const older = { groups: groupClasses.classical, signatureAlgorithms };
  const suites: EnumerationFacts["suites"][number][] = [];
  for (const version of [0x0303, 0x0302, 0x0301]) {
    suites.push({ version, taken: await suitesOf(version, allSuites, { ...older, version }) });
  }
  const newest = { ...older, version: 0x0303, supportedVersions: [0x0304] };
  const ofNewest = await suitesOf(0x0304, suiteClasses.tls13, newest);
  const groups = await eliminate(allGroups, async (left) => {
    const offer = { ...newest, suites: suiteClasses.tls13, groups: left };
    return (await answerTo(offer))?.hello.group;
  });
  const signatures = await eliminate(signatureAlgorithms, async (left) => {
    const offer = { ...older, version: 0x0303, suites: suiteClasses.forwardAead, signatureAlgorithms: left };
    return (await answerTo(offer))?.keyExchange?.signatureAlgorithm;
  });
  return { ...place, suites: [{ version: 0x0304, taken: ofNewest }, ...suites], groups, signatures };
}

/** Offers less and less, until the server takes nothing more; returns what it took. */
async function eliminate(
  offered: readonly number[],
  choiceOf: (left: readonly number[]) => Promise<number | undefined>,
): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let left = offered; left.length > 0; left = left.filter((value) => !taken.includes(value))) {
    // oxlint-disable-next-line no-await-in-loop -- what is offered next depends on the answer
    const choice = await choiceOf(left);
    // A server that picks what was not offered would keep this going for ever.
    if (choice === undefined || !left.includes(choice)) break;
    taken.push(choice);
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
