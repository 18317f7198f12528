import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { soak } from "./soak-run.ts";

test(
  "a day of mixed use in 20 minutes leaves nothing behind",
  { timeout: 1_800_000, skip: needs("linux") },
  (context) => soak(context, { durationMs: 1_200_000, sampleMs: 10_000, growthMaxMiB: 48 }),
);
