import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { suiteName } from "@sallyport/protocol";
import type { TlsMode } from "../model/index.ts";
import { buildClientHello, buildSsl2Hello, type HelloOffer } from "../hello/build-hello.ts";
import type { HelloAnswer } from "../hello/read-answer.ts";
import {
  chachaSuites,
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
  /** Changes keys behind the answer, when there are none yet (CVE-2014-0224); no key is ever agreed on. */
  readonly changesKeys?: boolean;
  /** Sends it in two segments. */
  readonly inTwo?: boolean;
}

const tls12 = { version: 0x0303, groups: groupClasses.classical, signatureAlgorithms } as const;
const tls13 = { ...tls12, suites: suiteClasses.tls13, supportedVersions: [0x0304] } as const;
const aead = [...suiteClasses.forwardAead, ...suiteClasses.finiteField.slice(0, 3)];
const poorSuites = [...suiteClasses.broken, ...suiteClasses.shortBlock, ...suiteClasses.rc4];
const future = {
  ...tls12,
  suites: [...suiteClasses.tls13, ...aead],
  supportedVersions: [0x0306, 0x0305, 0x7f1c, 0x0304, 0x0303],
} as const;
const withoutChacha = aead.filter((suite) => !chachaSuites.some((chacha) => chacha === suite));
const named = (part: string) => suiteClasses.forwardAead.filter((suite) => suiteName(suite).includes(part));

/** Every hand-made hello: what it offers, and thereby asks. */
const helloPlans = {
  /** Suites of good standing, in our order; DEFLATE beside no compression, and what only older servers take. */
  strong: {
    offer: { ...tls12, suites: aead, compressionMethods: [1, 0], heartbeat: true, timestamps: true },
    mechanism: "AUTH TLS-C",
    changesKeys: true,
  },
  /** The same in another order: a server with a preference of its own picks the same again. */
  chachaFirst: {
    offer: { ...tls12, suites: [...chachaSuites, ...withoutChacha.toReversed()] },
    mechanism: "AUTH TLS ",
  },
  /** Tells, where ChaCha20 was picked, whether that was for its place alone. */
  chachaLast: { offer: { ...tls12, suites: [...withoutChacha.toReversed(), ...chachaSuites] } },
  /** Keys of one kind alone: which certificate a server has beside the one it shows first. */
  ecdsaKey: { offer: { ...tls12, suites: named("ECDHE_ECDSA") } },
  rsaKey: { offer: { ...tls12, suites: named("ECDHE_RSA") } },
  blockChaining: {
    offer: { ...tls12, suites: suiteClasses.forwardCbc, encryptThenMac: true },
    mechanism: "AUTH SSL",
  },
  finiteField: { offer: { ...tls12, suites: suiteClasses.finiteField }, mechanism: "AUTH TLS-P" },
  staticRsa: { offer: { ...tls12, suites: suiteClasses.staticRsa }, mechanism: "auth tls" },
  /** Suites that nobody should take, all at once; where one of them is taken, the parts follow. */
  poor: { offer: { ...tls12, suites: poorSuites } },
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
  /** Versions that do not exist yet, and a draft of TLS 1.3, beside those that do. */
  futureVersion: { offer: future },
  fallback: { offer: { ...tls12, suites: [...aead, fallbackSignal] } },
  foreignAlpn: { offer: { ...tls12, suites: aead, alpn: ["h2", "http/1.1"] } },
  foreignName: { offer: { ...tls12, suites: aead, serverName: "sallyport-inspect.invalid" } },
  noName: { offer: { ...tls12, suites: aead } },
  /** Host and port where a name belongs, as some clients send it. */
  portInName: { offer: { ...tls12, suites: aead } },
  /** An address where a name belongs, which RFC 6066 §3 does not allow. */
  addressAsName: { offer: { ...tls12, suites: aead, serverName: "192.0.2.1" } },
  /** Everything at once that a server should pass over, and no name; where it does not, the parts follow. */
  tolerant: {
    offer: { ...future, grease: true, paddingBytes: 1400, fragmentBytes: 600 },
    inTwo: true,
  },
  twoRecords: { offer: { ...tls12, suites: aead, fragmentBytes: 100 } },
  grease: { offer: { ...tls12, suites: aead, grease: true } },
  large: { offer: { ...tls12, suites: aead, paddingBytes: 1400 }, inTwo: true },
} as const satisfies Readonly<Record<string, HelloPlan>>;

export type HelloName = keyof typeof helloPlans;

/** The answers to hand-made hellos on one port. */
export interface HelloFacts {
  readonly mode: TlsMode;
  readonly port: number;
  readonly answers: Readonly<Partial<Record<HelloName, HelloOutcome>>>;
  /** What came to a change of keys that was too early; undefined where no flight came to put it behind. */
  readonly earlyChange: HelloAnswer | undefined;
  /** Answers to AUTH with each mechanism that was tried on the way. */
  readonly mechanisms: Readonly<Partial<Record<string, Answer>>>;
}

/** The hellos of the default set: the lower versions only where the one above was taken. */
export const usualHellos: readonly HelloName[] = [
  "strong",
  "chachaFirst",
  "blockChaining",
  "finiteField",
  "staticRsa",
  "poor",
  "tls13",
  "postQuantum",
  "weakGroups",
  "sha1",
  "tls11",
  "ssl2",
  "fallback",
  "foreignAlpn",
  "foreignName",
  "tolerant",
];

/** Those that only curiosity asks for. */
export const deepHellos: readonly HelloName[] = ["portInName", "addressAsName", "noName"];

/** What the second port is asked, to see whether it is served by the same settings. */
export const comparingHellos: readonly HelloName[] = ["tls11", "foreignAlpn"];

export async function probeHellos(
  server: InspectedServer,
  place: { readonly mode: TlsMode; readonly port: number },
  names: readonly HelloName[],
): Promise<HelloFacts> {
  const answers: Partial<Record<HelloName, HelloOutcome>> = {};
  const mechanisms: Partial<Record<string, Answer>> = {};
  let earlyChange: HelloAnswer | undefined;
  const ask = async (name: HelloName) => {
    const asked = await askHello(server, place, name, mechanisms);
    answers[name] = asked.answer;
    earlyChange ??= asked.earlyChange;
  };
  await Promise.all(names.map(ask));
  for (const { behind, asks } of followUps) {
    const next = names.includes(behind) || answers[behind] !== undefined ? asks(answers) : [];
    await Promise.all(next.map(ask));
  }
  return { ...place, answers, mechanisms, earlyChange };
}

type Answers = HelloFacts["answers"];

/** Hellos that only what was answered makes worth a connection. */
const followUps: readonly { readonly behind: HelloName; asks(answers: Answers): readonly HelloName[] }[] = [
  { behind: "tls11", asks: ({ tls11 }) => (tls11?.kind === "hello" ? ["tls10"] : []) },
  { behind: "tls10", asks: ({ tls10 }) => (tls10?.kind === "hello" ? ["ssl3"] : []) },
  { behind: "chachaFirst", asks: (answers) => (isSamePick(answers) ? [] : ["chachaLast"]) },
  { behind: "tolerant", asks: ({ tolerant }) => (tolerant?.kind === "hello" ? [] : partsOfTolerant) },
  {
    behind: "poor",
    asks: ({ poor }) => (poor?.kind === "hello" ? ["broken", "shortBlockOrRc4"] : []),
  },
  {
    behind: "strong",
    asks: ({ strong }) => {
      if (strong?.kind !== "hello") return [];
      return [suiteName(strong.hello.cipherSuite).includes("ECDSA") ? "rsaKey" : "ecdsaKey"];
    },
  },
];

const partsOfTolerant: readonly HelloName[] = ["futureVersion", "large", "twoRecords", "grease", "noName"];

function isSamePick({ strong, chachaFirst }: Answers): boolean {
  if (strong?.kind !== "hello" || chachaFirst?.kind !== "hello") return true;
  return strong.hello.cipherSuite === chachaFirst.hello.cipherSuite;
}

async function askHello(
  server: InspectedServer,
  place: { readonly mode: TlsMode; readonly port: number },
  name: HelloName,
  mechanisms: Partial<Record<string, Answer>>,
): Promise<{ readonly answer: HelloOutcome; readonly earlyChange?: HelloAnswer }> {
  const plan: HelloPlan = helloPlans[name];
  const ready = await readyForHello(server, place, plan.mechanism, mechanisms);
  if (!(ready instanceof ProbeConnection)) return { answer: { kind: "missing", text: ready.text } };
  await using connection = ready;
  const octets = octetsOf(plan.offer, server, place, name);
  const segments =
    plan.inTwo === true ? [octets.subarray(0, firstSegmentBytes), octets.subarray(firstSegmentBytes)] : [];
  const answer = await connection.hello(segments[0] ?? octets, segments[1]);
  if (plan.changesKeys !== true || answer.kind !== "hello") return { answer };
  return { answer, earlyChange: await connection.afterFlight(changeOfKeys, changeMs) };
}

/** ChangeCipherSpec in a record of TLS 1.2, twice: who took the first cannot read the second. */
const changeOfKeys = Buffer.from([20, 3, 3, 0, 1, 1, 20, 3, 3, 0, 1, 1]);
/** A server that takes it waits for what comes next. */
const changeMs = 1000;

/** Less than the least that a segment carries (RFC 9293 §3.7.1). */
const firstSegmentBytes = 500;

function octetsOf(
  offer: HelloOffer | "ssl2",
  { host }: InspectedServer,
  { port }: { readonly port: number },
  name: HelloName,
): Uint8Array {
  if (offer === "ssl2") return buildSsl2Hello(randomBytes(16));
  if (name === "portInName") return buildClientHello({ ...offer, serverName: `${host}:${port}` }, randomBytes(64));
  const isNamed = isIP(host) === 0 && name !== "noName" && name !== "tolerant" && offer.serverName === undefined;
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
