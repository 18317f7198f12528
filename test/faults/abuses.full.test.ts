import { describeAbuses } from "./abuses-run.ts";

const scale = {
  stalledCount: 300,
  passiveCount: 10_000,
  idleLoginsCount: 2_000,
  workingCount: 100,
  garbageMs: 10_000,
  noopCount: 1_000_000,
  floodMs: 20_000,
};

describeAbuses("abuses in full: others are served, nothing stays", scale, 1_800_000);
