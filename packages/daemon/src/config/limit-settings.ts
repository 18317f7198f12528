import { limits, type Limit, type LimitName } from "@sallyport/protocol";
import type { Setting } from "./setting-table.ts";

/**
 * When a limit given in `[limits]` takes effect: `live` for new connections, `restart` where it sizes something that is
 * made once, `fixed` where a server does not ask it.
 */
export const limitEffects: Readonly<Record<LimitName, "live" | "restart" | "fixed">> = Object.fromEntries(
  Object.keys(limits).map((name) => [name, effectOf(name)]),
) as Record<LimitName, "live" | "restart" | "fixed">;

/** The limits that can be given, as settings. */
export const limitRows: Readonly<Partial<Record<LimitName, Setting>>> = Object.fromEntries(
  (Object.entries(limits) as [LimitName, Limit][]).flatMap(([name, limit]) => {
    const changes = limitEffects[name];
    return changes === "fixed" ? [] : [[name, limitSetting(name, limit, changes)]];
  }),
);

function limitSetting(name: LimitName, { value, unit, reason }: Limit, changes: "live" | "restart"): Setting {
  const min = unit === "ms" ? (mayBeNone.has(name) ? 0 : 100) : 1;
  const kind = { is: "quantity", unit, min, max: Math.max(value, largest[unit]) } as const;
  return { kind, default: value, changes, meaning: reason };
}

/** Timers of the system end at 2^31 milliseconds. */
const largest = { bytes: 2 ** 50, ms: 24 * 86_400_000, count: 1_000_000, ratio: 100_000 } as const;

/** Waits that may be left out; the others are bounds, which 0 would not take away. */
const mayBeNone: ReadonlySet<string> = new Set<LimitName>([
  "uploadSettleMs",
  "passiveRestMs",
  "loginDelayMs",
  "loginDelayMaxMs",
  "loginIntervalMs",
  "loginWaitMs",
]);

function effectOf(name: string): "live" | "restart" | "fixed" {
  return fixed.has(name) ? "fixed" : madeOnce.has(name) ? "restart" : "live";
}

/** What sizes pools, queues and memories that live as long as the server. */
const madeOnce: ReadonlySet<string> = new Set<LimitName>([
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

/** Bounds of the protocol's own decoders, of commands and of the other end, which a server's settings do not reach. */
const fixed: ReadonlySet<string> = new Set<LimitName>([
  "handshakeMessageBytes",
  "handshakeRecordsCount",
  "dataBufferBytes",
  "symbolicLinksCount",
  "ticketLifetimeMs",
  "sessionIdsCount",
  "accountNameBytes",
  "accountRulesCount",
  "accountCertificatesCount",
  "replyLineBytes",
  "replyBytes",
  "explainedBytes",
]);
