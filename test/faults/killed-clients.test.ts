import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { killClients } from "./killed-clients-run.ts";

test(
  "S-11 S-32 clients killed at 24 random octets of uploads and downloads: nothing torn, lost or leaked",
  { timeout: 120_000, skip: needs("linux", "curl") },
  (context) => killClients(context, { points: 24, words: ["--workers", "1"], rssGrowthMaxMiB: 64 }),
);
