import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { soak } from "./soak-run.ts";

test("mixed use for 15 seconds leaves nothing behind", { timeout: 120_000, skip: needs("linux") }, (context) =>
  soak(context, { durationMs: 15_000, sampleMs: 1_500, growthMaxMiB: 128 }),
);
