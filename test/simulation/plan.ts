import type { Fault } from "./network.ts";
import { Random } from "./random.ts";
import type { WireManners } from "./wire.ts";

/** Everything that a run is made of, drawn from its seed; a run with fewer faults is the same plan with some taken out. */
export interface Plan {
  readonly seed: number;
  readonly security: "explicit" | "implicit" | "plain";
  readonly dataSetup: "passive" | "active";
  readonly manners: WireManners;
  readonly operationsCount: number;
  /** Requests that the user makes at a time, and commands that may be outstanding. */
  readonly depth: number;
  readonly wrongPassword: boolean;
  readonly trusted: boolean;
  readonly staleTimers: boolean;
  readonly faults: readonly Fault[];
  readonly events: readonly {
    readonly kind: "server-killed" | "server-stopped" | "user-killed";
    readonly atMs: number;
  }[];
  /** Nothing is meant to go wrong. */
  readonly isCalm: boolean;
}

export function planOf(seed: number): Plan {
  const random = new Random(seed ^ 0x5a11);
  const security = random.pick(["explicit", "explicit", "implicit", "plain"] as const);
  const faultsCount = random.pick([0, 1, 1, 2, 3]);
  const eventsCount = random.pick([0, 0, 0, 1]);
  const wrongPassword = random.chance(0.04);
  const trusted = security === "plain" || !random.chance(0.04);
  return {
    seed,
    security,
    dataSetup: random.chance(0.2) ? "active" : "passive",
    manners: { delayMs: random.pick([0, 3, 20, 200]), pieceBytes: random.pick([1, 40, 40, 300, 5_000, 5_000]) },
    operationsCount: 1 + random.below(7),
    depth: random.pick([1, 1, 2, 4]),
    wrongPassword,
    trusted,
    staleTimers: random.chance(0.3),
    faults: Array.from({ length: faultsCount }, () => drawFault(random, security)),
    events: Array.from({ length: eventsCount }, () => ({
      kind: random.pick(["server-killed", "server-stopped", "user-killed"] as const),
      atMs: random.below(3_000),
    })),
    isCalm: faultsCount === 0 && eventsCount === 0 && !wrongPassword && trusted,
  };
}

function drawFault(random: Random, security: Plan["security"]): Fault {
  const hits = random.pick(["control", "data"] as const);
  const lane = random.pick(["fromUser", "fromServer"] as const);
  const kind = random.pick(kindsOf(hits, security));
  const atOctet = random.below(random.pick([60, 400, 1_300, 2_500]));
  return { hits, connection: random.below(hits === "data" ? 3 : 1), lane, kind, atOctet };
}

/** Octets of plain FTP can be forged by whoever stands in between, and no protocol helps; so that is left to TLS. */
function kindsOf(hits: Fault["hits"], security: Plan["security"]): readonly Fault["kind"][] {
  const cuts = ["reset", "silence"] as const;
  const forgeries = security === "plain" ? [] : (["flip", "inject", "false-end"] as const);
  const meetings = hits === "data" ? (["refused", "stranger", "late"] as const) : [];
  const auth = hits === "control" && security === "explicit" ? (["strip", "behind-auth", "behind-auth"] as const) : [];
  return [...cuts, ...cuts, ...forgeries, ...meetings, ...auth];
}
