import { type ListedTime, precisionMs, resolveListedTime } from "@sallyport/protocol";
import { inferZone, resolveWallClock, type ServerZone, type ZoneSample, zoneSample } from "../listing/time-zone.ts";
import { timeOf } from "../operations/stat.ts";
import type { RemoteSide } from "./remote-side.ts";
import type { EntryTime } from "./tree.ts";

/** A file whose listing told the time by the server's own clock. */
export interface ClockReading {
  /** Its tree path. */
  readonly path: string;
  readonly listed: ListedTime;
}

/**
 * Finds out how the clock runs by which a server lists times, by asking for the exact times of a few files; undefined
 * where the server does not tell them, or they do not fit.
 */
export async function serverClock(
  side: RemoteSide,
  readings: readonly ClockReading[],
): Promise<((listed: ListedTime) => EntryTime | undefined) | undefined> {
  const samples: ZoneSample[] = [];
  const step = Math.max(1, Math.floor(readings.length / samplesCount));
  for (let at = 0; at < readings.length && samples.length < samplesCount; at += step) {
    const reading = readings[at];
    // oxlint-disable-next-line no-await-in-loop -- a few questions on one connection
    const sample = reading && (await sampleOf(side, reading));
    if (sample !== undefined) samples.push(sample);
  }
  const inference = inferZone(samples);
  return inference.kind === "inferred" ? (listed) => instantOf(inference.zone, listed, side.clock.nowMs) : undefined;
}

const samplesCount = 6;

async function sampleOf(side: RemoteSide, { path, listed }: ClockReading): Promise<ZoneSample | undefined> {
  const { signal } = side;
  const time = await side.use((connection) => timeOf(connection, side.octetsOf(path), { signal }));
  const instantMs = time && resolveListedTime(time, side.clock)?.timeMs;
  if (instantMs === undefined) return undefined;
  return zoneSample(listed, { instantMs: Math.floor(instantMs), precisionMs: 1000 }, side.clock.nowMs);
}

function instantOf(zone: ServerZone, listed: ListedTime, nowMs: number): EntryTime | undefined {
  const shown = resolveListedTime(listed, { nowMs, serverOffsetMinutes: 0 });
  if (shown === undefined || shown.isOrderAssumed) return undefined;
  return resolveWallClock(zone, shown.timeMs, precisionMs[shown.precision]);
}
