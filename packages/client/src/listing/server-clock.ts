import { type ListedTime, type Octets, precisionMs, resolveListedTime, UsageError } from "@sallyport/protocol";
import type { KnownServer } from "../profile/known-server.ts";
import { inferZone, resolveWallClock, type ZoneRules, type ZoneSample, zoneSample } from "./time-zone.ts";
import { zoneCandidate } from "./zone-candidate.ts";

/** An instant as exactly as it is known: it lies in `[instantMs, instantMs + precisionMs)`. */
export interface PlacedTime {
  readonly instantMs: number;
  readonly precisionMs: number;
}

/** A file whose listing told the time by the server's own clock. */
export interface ClockReading {
  readonly path: Octets;
  readonly listed: ListedTime;
}

/** Asks for a file's time of change in UTC; undefined where the server does not say. */
export type AskTime = (path: Octets) => Promise<ListedTime | undefined>;

/**
 * Puts listed times on the time line. Times that name their zone need nothing; for those of LIST the server's zone is
 * what the caller says, what an earlier run found out, or what comes of comparing a few listed times with MDTM's.
 */
export class ServerClock {
  readonly #known: Pick<KnownServer, "fact" | "learn">;
  #zone: ZoneRules | undefined;
  #triesLeft: number;

  /**
   * @param timeZone - `auto`, a name of the IANA database, `UTC`, or an offset as in `+02:00`.
   * @throws {UsageError} SALLYPORT_TIME_ZONE_UNKNOWN
   */
  constructor(timeZone: string, known: Pick<KnownServer, "fact" | "learn">) {
    const isAuto = timeZone === "auto";
    this.#known = known;
    this.#triesLeft = isAuto ? triesMax : 0;
    if (!isAuto) this.#zone = { candidates: [zoneNamed(timeZone)] };
  }

  /** Whether the zone is not known, and asking may help. */
  get isOpen(): boolean {
    return this.#zoneNow() === undefined && this.#triesLeft > 0;
  }

  /** Undefined where a time is the server's, and its zone is not known; or where day and month may be swapped. */
  place(listed: ListedTime, nowMs = Date.now()): PlacedTime | undefined {
    const isServers = listed.zone === "server";
    const zone = isServers ? this.#zoneNow() : undefined;
    if (isServers && zone === undefined) return undefined;
    const shown = resolveListedTime(listed, { nowMs, serverOffsetMinutes: 0 });
    if (shown === undefined || (isServers && shown.isOrderAssumed)) return undefined;
    const ownMs = Math.max(1, precisionMs[shown.precision]);
    if (zone === undefined) return { instantMs: Math.floor(shown.timeMs), precisionMs: ownMs };
    return resolveWallClock(zone, shown.timeMs, ownMs);
  }

  /** Finds out the zone, if it can be told from these files, by asking for the exact times of a few. */
  async find(readings: readonly ClockReading[], ask: AskTime): Promise<void> {
    // The date alone tells nothing.
    const telling = readings.filter(({ listed }) => listed.precision !== "day");
    if (!this.isOpen || telling.length === 0) return;
    this.#triesLeft--;
    const nowMs = Date.now();
    const samples: ZoneSample[] = [];
    let refusedCount = 0;
    for (const { path, listed } of spread(telling)) {
      // oxlint-disable-next-line no-await-in-loop -- a few questions on one connection
      const exact = await ask(path);
      const utc = exact?.zone === "server" ? undefined : exact && this.place(exact, nowMs);
      const sample = utc && zoneSample(listed, utc, nowMs);
      if (sample !== undefined) samples.push(sample);
      else if (++refusedCount >= refusalsMax) break;
    }
    const inference = inferZone(samples);
    if (inference.kind !== "inferred") return;
    this.#zone = inference.zone;
    const { candidates, confidence, samplesCount } = inference.zone;
    this.#known.learn("zone", candidates, `${samplesCount} times of LIST and MDTM; ${confidence}`);
  }

  #zoneNow(): ZoneRules | undefined {
    if (this.#zone !== undefined) return this.#zone;
    const candidates = this.#triesLeft > 0 ? this.#known.fact("zone") : undefined;
    return candidates && (this.#zone = { candidates });
  }
}

const triesMax = 3;
const samplesMax = 6;
const refusalsMax = 2;

/** Some of the readings, from the whole of the time that they cover: files of several seasons tell most. */
function spread(readings: readonly ClockReading[]): readonly ClockReading[] {
  const inOrder = readings.toSorted((one, other) => monthOf(one) - monthOf(other));
  const step = Math.max(1, (inOrder.length - 1) / (samplesMax - 1));
  const places = Array.from({ length: Math.min(samplesMax, inOrder.length) }, (_, at) => Math.round(at * step));
  return places.flatMap((at) => inOrder[at] ?? []);
}

function monthOf({ listed: { year = 0, month, day } }: ClockReading): number {
  return (year * 12 + month) * 31 + day;
}

function zoneNamed(timeZone: string): string {
  const [, sign, hours = "", minutes = "00"] = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?$/i.exec(timeZone) ?? [];
  const name = /^(?:utc|gmt|z)$/i.test(timeZone)
    ? "UTC+00:00"
    : sign === undefined
      ? timeZone
      : `UTC${sign}${hours.padStart(2, "0")}:${minutes}`;
  if (zoneCandidate(name) !== undefined) return name;
  const message = `No time zone is called ${JSON.stringify(timeZone)}: write one as Europe/Paris, UTC or +02:00.`;
  throw new UsageError("SALLYPORT_TIME_ZONE_UNKNOWN", message);
}
