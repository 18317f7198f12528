import { suiteName } from "@sallyport/protocol";
import type { ServerFlight } from "../hello/read-answer.ts";
import type { Facts } from "../probes/gather.ts";
import type { Secured } from "../probes/secured.ts";

/** Points as SSL Labs gives them (SSL Server Rating Guide 2009r): three parts of 0 to 100, and their weighted sum. */
export interface TlsScore {
  /** 30 %: mean of the best and the worst version. */
  readonly protocol: number;
  /** 30 %: the weakest key exchange. */
  readonly keyExchange: number;
  /** 40 %: mean of the strongest and the weakest suite. */
  readonly cipher: number;
  readonly total: number;
}

/** Counts the points of everything that was agreed on in any handshake; undefined where there was none. */
export function scoreTls(facts: Facts): TlsScore | undefined {
  const flights = [facts.hellos, facts.otherHellos].flatMap((hellos) =>
    hellos.kind === "missing"
      ? []
      : Object.values(hellos.value.answers).filter((answer): answer is ServerFlight => answer?.kind === "hello"),
  );
  const secured =
    facts.modes.kind === "missing"
      ? []
      : Object.values(facts.modes.value).flatMap(({ secured: tls }) => (tls?.kind === "secured" ? [tls] : []));
  if (flights.length === 0 && secured.length === 0) return undefined;
  const versions = [...flights.map(({ hello }) => versionPoints[hello.version] ?? 0), ...secured.map(protocolPoints)];
  const suites = [...flights.map(({ hello }) => suiteName(hello.cipherSuite)), ...secured.map(({ suite }) => suite)];
  const protocol = middle(versions);
  const keyExchange = Math.min(...flights.map(exchangePoints), ...secured.map(certificatePoints));
  const cipher = middle(suites.map((suite) => cipherPoints(suiteBits(suite))));
  const parts = [protocol, keyExchange, cipher];
  const total = parts.includes(0) ? 0 : Math.round(protocol * 0.3 + keyExchange * 0.3 + cipher * 0.4);
  return { protocol, keyExchange, cipher, total };
}

/** Bits of the symmetric key, read off the suite's name; those of 3DES by its real strength. */
function suiteBits(name: string): number {
  if (name.includes("NULL")) return 0;
  if (name.includes("EXPORT")) return 40;
  if (name.includes("3DES")) return 112;
  if (name.includes("WITH_DES_")) return 56;
  return name.includes("256") && !/AES_128|CAMELLIA_128|ARIA_128/.test(name) ? 256 : 128;
}

const versionPoints: Readonly<Record<number, number>> = {
  0x0300: 80,
  0x0301: 90,
  0x0302: 95,
  0x0303: 100,
  0x0304: 100,
};

function protocolPoints({ protocol }: Secured): number {
  return { TLSv1: 90, "TLSv1.1": 95 }[protocol] ?? 100;
}

function cipherPoints(bits: number): number {
  if (bits >= 256) return 100;
  if (bits >= 128) return 80;
  return bits > 0 ? 20 : 0;
}

function middle(points: readonly number[]): number {
  return (Math.max(...points) + Math.min(...points)) / 2;
}

function exchangePoints({ hello, keyExchange }: ServerFlight): number {
  const name = suiteName(hello.cipherSuite);
  if (name.includes("_anon_")) return 0;
  return keyExchange?.primeBits === undefined ? 100 : modulusPoints(keyExchange.primeBits);
}

function certificatePoints({ chain: [leaf] }: Secured): number {
  if (leaf?.keyBits === undefined) return 100;
  return leaf.keyType.startsWith("rsa") ? modulusPoints(leaf.keyBits) : curvePoints(leaf.keyBits);
}

function modulusPoints(bits: number): number {
  return pointsBelow(bits, [
    [512, 20],
    [1024, 40],
    [2048, 80],
    [4096, 90],
  ]);
}

function curvePoints(bits: number): number {
  return pointsBelow(bits, [
    [110, 20],
    [123, 40],
    [163, 80],
    [225, 90],
  ]);
}

function pointsBelow(bits: number, rows: readonly (readonly [bits: number, points: number])[]): number {
  return rows.find(([bound]) => bits < bound)?.[1] ?? 100;
}
