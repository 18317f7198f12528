import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { buildClientHello } from "../hello/build-hello.ts";
import type { HelloAnswer } from "../hello/read-answer.ts";
import { everySuite, groupClasses, signatureAlgorithms } from "../hello/suites.ts";
import { ProbeConnection, type ConnectFailure } from "./control.ts";
import { readyForHello } from "./hellos.ts";
import type { InspectedServer } from "./inspected-server.ts";
import type { LoginPlace } from "./secure-connection.ts";

/** What a server makes of a change of keys before there are any (CVE-2014-0224). */
export interface EarlyChangeFacts extends LoginPlace {
  readonly hello: HelloAnswer;
  /** Undefined where no flight of TLS 1.2 came to put it behind. */
  readonly answer: HelloAnswer | undefined;
}

/** ChangeCipherSpec in a record of TLS 1.2. */
const changeCipherSpec = [20, 3, 3, 0, 1, 1];
/** A server that takes it waits for what comes next. */
const patienceMs = 1000;

/** Harms nobody: no key is agreed on, and the connection ends here. */
export async function probeEarlyChange(
  server: InspectedServer,
  place: LoginPlace,
): Promise<EarlyChangeFacts | ConnectFailure> {
  const ready = await readyForHello(server, place, undefined, {});
  if (!(ready instanceof ProbeConnection)) return { kind: "unreachable", text: ready.text };
  await using connection = ready;
  const offer = { version: 0x0303, suites: everySuite, groups: groupClasses.classical, signatureAlgorithms };
  const named = isIP(server.host) === 0 ? { ...offer, serverName: server.host } : offer;
  const hello = await connection.hello(buildClientHello(named, randomBytes(64)));
  if (hello.kind !== "hello") return { ...place, hello, answer: undefined };
  const twice = Buffer.from([...changeCipherSpec, ...changeCipherSpec]);
  return { ...place, hello, answer: await connection.afterFlight(twice, patienceMs) };
}
