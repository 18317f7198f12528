import { shortLimits } from "./abuses.ts";
import { describeAbuses } from "./abuses-run.ts";

const scale = {
  // Clients that are well-behaved and short of processor time for seconds must not be taken for those that stall; and
  // two thousand logins have taken more than five minutes on a busy machine, after which the first ones end as idle.
  limits: { ...scaled(5), idleMs: 3_600_000 },
  stalledCount: 300,
  passiveCount: 10_000,
  idleLoginsCount: 2_000,
  workingCount: 100,
  garbageMs: 10_000,
  noopCount: 1_000_000,
  floodMs: 20_000,
};

describeAbuses("abuses in full: others are served, nothing stays", scale, 1_800_000);

function scaled(times: number): typeof shortLimits {
  return Object.fromEntries(Object.entries(shortLimits).map(([name, ms]) => [name, times * ms])) as typeof shortLimits;
}
