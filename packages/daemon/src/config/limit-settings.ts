import { limits, type LimitName } from "@sallyport/protocol";
import type { Setting } from "./setting.ts";

/**
 * When a limit given in `[limits]` takes effect: `live` for new connections, `restart` where it sizes something that is
 * made once, `fixed` where a server does not ask it.
 */
export function limitEffect(name: LimitName): "live" | "restart" | "fixed" {
  return asked.has(name) ? "live" : madeOnce.has(name) ? "restart" : "fixed";
}

/** What each connection and each login asks anew. */
const asked: ReadonlySet<LimitName> = new Set<LimitName>([
  "commandLineBytes",
  "securityLineBytes",
  "commandLineMs",
  "commandQueueCount",
  "replyBacklogBytes",
  "telnetRepliesCount",
  "unknownVerbsCount",
  "preLoginMs",
  "handshakeMs",
  "clientHelloBytes",
  "idleMs",
  "dataConnectMs",
  "dataStallMs",
  "closeNotifyMs",
  "lingerMs",
  "securityExchangesCount",
  "loginFailuresCount",
  "connectionsCount",
  "connectionsPerHostCount",
  "listOptionsDepthCount",
  "listEntriesCount",
  "globWildcardsCount",
  "statReplyBytes",
  "inflateRatio",
  "asciiSizeBytes",
  "hashBytes",
  "restartMarkerBytes",
  "uploadSettleMs",
  "proxyHeaderBytes",
  "proxyHeaderMs",
  "loginDelayMs",
  "loginDelayMaxMs",
  "loginWindowMs",
  "loginFailuresPerHostCount",
  "loginBanMs",
  "loginBanMaxMs",
  "loginFailuresPerNameCount",
  "loginIntervalMs",
  "loginWaitMs",
  "loginTrustMs",
]);

/** What sizes pools, queues and memories that live as long as the server. */
const madeOnce: ReadonlySet<LimitName> = new Set<LimitName>([
  "passiveListenersCount",
  "passiveSpareCount",
  "passiveRestMs",
  "hashQueueCount",
  "passwordBytes",
  "passwordQueueCount",
  "passwordWaitMs",
  "argon2MemoryBytes",
  "argon2WorkBytes",
  "bcryptCostCount",
  "shaCryptRoundsCount",
  "interruptedUploadMs",
  "throttledHostsCount",
  "throttledNamesCount",
]);

/** Waits that may be left out; the others are bounds, which 0 would not take away. */
const mayBeNone: ReadonlySet<LimitName> = new Set<LimitName>([
  "uploadSettleMs",
  "passiveRestMs",
  "loginDelayMs",
  "loginDelayMaxMs",
  "loginIntervalMs",
  "loginWaitMs",
]);

/** Timers of the system end at 2^31 milliseconds. */
const largest = { bytes: 2 ** 50, ms: 24 * 86_400_000, count: 1_000_000, ratio: 100_000 } as const;

/** The limits that can be given, as settings, in the order of the table of limits. */
export const limitRows: Readonly<Partial<Record<LimitName, Setting>>> = Object.fromEntries(
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the table
  (Object.keys(limits) as LimitName[]).flatMap((name) => {
    const changes = limitEffect(name);
    return changes === "fixed" ? [] : [[name, limitSetting(name, changes)]];
  }),
);

function limitSetting(name: LimitName, changes: "live" | "restart"): Setting {
  const { value, unit, reason } = limits[name];
  const min = unit !== "ms" ? 1 : mayBeNone.has(name) ? 0 : 100;
  const kind = { is: "quantity", unit, min, max: Math.max(value, largest[unit]) } as const;
  return { kind, default: value, changes, meaning: reason };
}
