import { availableParallelism } from "node:os";
import { limitValues, type LimitValues, UsageError } from "@sallyport/protocol";
import { limitsOf } from "../serving.ts";
import type { ServiceSettings } from "../settings.ts";

/**
 * One worker's part of a service's settings. Limits on what the machine has (buffers, digests, password checks, passive
 * ports) are divided; limits on connections and logins are counted by the primary and stay as they are, and so do those
 * of one connection.
 */
export function workerShare(settings: ServiceSettings, slot: number, workersCount: number): ServiceSettings {
  const { passivePorts } = settings;
  const limits = limitValues(limitsOf(settings));
  const divided = Object.fromEntries(
    dividedLimits.map((name) => [name, Math.max(1, Math.ceil(limits[name] / workersCount))]),
  );
  return {
    ...settings,
    limits: { ...limits, ...divided },
    passwordChecksMax: Math.max(1, Math.floor(availableParallelism() / workersCount)),
    ...(passivePorts && { passivePorts: portsOf(passivePorts, slot, workersCount) }),
  };
}

/**
 * Checks that each worker gets a passive port.
 *
 * @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION.
 */
export function requirePortForEach({ passivePorts, workersCount = 1 }: ServiceSettings): void {
  if (passivePorts === undefined) return;
  const { first, last } = passivePorts;
  const portsCount = last - first + 1;
  if (portsCount >= workersCount) return;
  const message = `--passive-ports ${first}-${last} has fewer ports than there are workers (${workersCount}), and each needs its own: widen the range, or give --workers ${portsCount}.`;
  throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", message);
}

const dividedLimits = [
  "dataBufferBytes",
  "hashWorkersCount",
  "hashQueueCount",
  "passwordQueueCount",
  "uploadDigestQueueCount",
] as const satisfies readonly (keyof LimitValues)[];

/** A stretch of the range: nobody else listens there, so that no worker finds all ports taken by another's spares. */
function portsOf({ first, last }: NonNullable<ServiceSettings["passivePorts"]>, slot: number, workersCount: number) {
  const portsCount = last - first + 1;
  const before = (count: number) => first + Math.floor((portsCount * count) / workersCount);
  return { first: before(slot), last: before(slot + 1) - 1 };
}
