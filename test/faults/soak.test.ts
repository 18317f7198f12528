import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { soak } from "./soak-run.ts";

test("mixed use for 10 seconds leaves nothing behind", { timeout: 120_000, skip: needs("linux") }, (context) =>
  soak(context, { durationMs: 10_000, sampleMs: 1_000, growthMaxMiB: 128 }),
);
