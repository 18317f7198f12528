import { shortLimits } from "./abuses.ts";
import { describeAbuses } from "./abuses-run.ts";

const scale = {
  limits: shortLimits,
  stalledCount: 10,
  passiveCount: 500,
  idleLoginsCount: 20,
  workingCount: 5,
  garbageMs: 250,
  noopCount: 10_000,
  floodMs: 500,
};

describeAbuses("abuses, a little of each: others are served, nothing stays", scale, 60_000);
