import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { TlsMode } from "../model/index.ts";
import { buildClientHello, buildSsl2Hello, type HelloOffer } from "../hello/build-hello.ts";
import type { HelloAnswer } from "../hello/read-answer.ts";
import {
  everySuite,
  fallbackSignal,
  groupClasses,
  sha1Signatures,
  signatureAlgorithms,
  suiteClasses,
} from "../hello/suites.ts";
import { codeOf, ProbeConnection, type Answer, type ConnectFailure } from "./control.ts";
import type { InspectedServer } from "./inspected-server.ts";

/** A hello that is sent to find one thing out, or the absence of a connection to send it on. */
export type HelloOutcome = HelloAnswer | ({ readonly kind: "missing" } & { readonly text: string });

interface HelloPlan {
  readonly offer: HelloOffer | "ssl2";
  /** How the explicit mode is asked for TLS here; where it refuses, AUTH TLS follows on the same connection. */
  readonly mechanism?: string;
}

const tls12 = { version: 0x0303, groups: groupClasses.classical, signatureAlgorithms } as const;
const tls13 = { ...tls12, suites: suiteClasses.tls13, supportedVersions: [0x0304] } as const;
const aead = [...suiteClasses.forwardAead, ...suiteClasses.finiteField.slice(0, 3)];

/** Every hand-made hello: what it offers, and thereby asks. */
const helloPlans = {
  /** Suites of good standing, in our order; DEFLATE beside no compression. */
  strong: { offer: { ...tls12, suites: aead, compressionMethods: [1, 0] }, mechanism: "AUTH TLS-C" },
  /** The same in reverse: a server with a preference of its own picks the same again. */
  strongReversed: { offer: { ...tls12, suites: aead.toReversed() } },
  blockChaining: {
    offer: { ...tls12, suites: suiteClasses.forwardCbc },
    mechanism: "AUTH SSL",
  },
  finiteField: { offer: { ...tls12, suites: suiteClasses.finiteField }, mechanism: "AUTH TLS-P" },
  staticRsa: { offer: { ...tls12, suites: suiteClasses.staticRsa }, mechanism: "auth tls" },
  shortBlockOrRc4: { offer: { ...tls12, suites: [...suiteClasses.shortBlock, ...suiteClasses.rc4] } },
  broken: { offer: { ...tls12, suites: suiteClasses.broken } },
  tls13: { offer: tls13 },
  postQuantum: { offer: { ...tls13, groups: groupClasses.postQuantum } },
  weakGroups: { offer: { ...tls12, suites: suiteClasses.forwardAead, groups: groupClasses.weak } },
  sha1: { offer: { ...tls12, suites: aead, signatureAlgorithms: sha1Signatures } },
  tls11: { offer: { ...tls12, version: 0x0302, suites: everySuite } },
  tls10: { offer: { ...tls12, version: 0x0301, suites: everySuite } },
  ssl3: { offer: { version: 0x0300, recordVersion: 0x0300, suites: everySuite, withoutExtensions: true } },
  ssl2: { offer: "ssl2" },
  /** Versions that do not exist yet, beside those that do. */
  futureVersion: {
    offer: { ...tls12, suites: [...suiteClasses.tls13, ...aead], supportedVersions: [0x0306, 0x0305, 0x0304, 0x0303] },
  },
  fallback: { offer: { ...tls12, suites: [...aead, fallbackSignal] } },
  foreignAlpn: { offer: { ...tls12, suites: aead, alpn: ["h2", "http/1.1"] } },
  foreignName: { offer: { ...tls12, suites: aead, serverName: "sallyport-inspect.invalid" } },
  noName: { offer: { ...tls12, suites: aead } },
  twoRecords: { offer: { ...tls12, suites: aead, fragmentBytes: 100 } },
  grease: { offer: { ...tls12, suites: aead, grease: true } },
  large: { offer: { ...tls12, suites: aead, paddingBytes: 1400 } },
} as const satisfies Readonly<Record<string, HelloPlan>>;

export type HelloName = keyof typeof helloPlans;

/** The answers to hand-made hellos on one port. */
export interface HelloFacts {
  readonly mode: TlsMode;
  readonly port: number;
  readonly answers: Readonly<Partial<Record<HelloName, HelloOutcome>>>;
  /** Answers to AUTH with each mechanism that was tried on the way. */
  readonly mechanisms: Readonly<Partial<Record<string, Answer>>>;
}

/** The hellos of the default set: the lower versions only where the one above was taken. */
export const usualHellos: readonly HelloName[] = [
  "strong",
  "strongReversed",
  "blockChaining",
  "finiteField",
  "staticRsa",
  "shortBlockOrRc4",
  "broken",
  "tls13",
  "postQuantum",
  "weakGroups",
  "sha1",
  "tls11",
  "ssl2",
  "futureVersion",
  "fallback",
  "foreignAlpn",
  "foreignName",
  "twoRecords",
  "large",
  "grease",
];

/** What the second port is asked, to see whether it is served by the same settings. */
export const comparingHellos: readonly HelloName[] = ["strong", "tls11", "foreignAlpn"];

export async function probeHellos(
  server: InspectedServer,
  place: { readonly mode: TlsMode; readonly port: number },
  names: readonly HelloName[],
): Promise<HelloFacts> {
  const answers: Partial<Record<HelloName, HelloOutcome>> = {};
  const mechanisms: Partial<Record<string, Answer>> = {};
  const ask = async (name: HelloName) => (answers[name] = await askHello(server, place, name, mechanisms));
  await Promise.all(names.map(ask));
  for (const [above, below] of descents) {
    if (names.includes("tls11") && answers[above]?.kind === "hello") await ask(below);
  }
  return { ...place, answers, mechanisms };
}

/** Whoever takes TLS 1.1 is asked for the versions below it. */
const descents = [
  ["tls11", "tls10"],
  ["tls10", "ssl3"],
] as const satisfies readonly (readonly [HelloName, HelloName])[];

async function askHello(
  server: InspectedServer,
  place: { readonly mode: TlsMode; readonly port: number },
  name: HelloName,
  mechanisms: Partial<Record<string, Answer>>,
): Promise<HelloOutcome> {
  const plan: HelloPlan = helloPlans[name];
  const ready = await readyForHello(server, place, plan.mechanism, mechanisms);
  if (!(ready instanceof ProbeConnection)) return { kind: "missing", text: ready.text };
  await using connection = ready;
  return await connection.hello(octetsOf(plan.offer, server, name));
}

function octetsOf(offer: HelloOffer | "ssl2", { host }: InspectedServer, name: HelloName): Uint8Array {
  if (offer === "ssl2") return buildSsl2Hello(randomBytes(16));
  const isNamed = isIP(host) === 0 && name !== "noName" && offer.serverName === undefined;
  return buildClientHello(isNamed ? { ...offer, serverName: host } : offer, randomBytes(64));
}

/** A connection on which a ClientHello is awaited. */
export async function readyForHello(
  server: InspectedServer,
  { mode, port }: { readonly mode: TlsMode; readonly port: number },
  mechanism: string | undefined,
  mechanisms: Partial<Record<string, Answer>>,
): Promise<ProbeConnection | Pick<ConnectFailure, "text">> {
  if (mode === "implicit") return ProbeConnection.open(server, port);
  const opened = await ProbeConnection.greeted(server, port);
  if ("kind" in opened) return opened;
  for (const command of mechanism === undefined ? ["AUTH TLS"] : [mechanism, "AUTH TLS"]) {
    const answer = await opened.connection.command(command);
    mechanisms[command] ??= answer;
    if (codeOf(answer) === 234) return opened.connection;
    if (answer.kind !== "reply") break;
  }
  await opened.connection[Symbol.asyncDispose]();
  return { text: "AUTH TLS was refused" };
}
