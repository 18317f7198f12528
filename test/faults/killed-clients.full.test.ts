import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { killClients } from "./killed-clients-run.ts";

test(
  "S-11 S-32 clients killed at 500 random octets of uploads and downloads: nothing torn, lost or leaked",
  { timeout: 1_200_000, skip: needs("linux", "curl") },
  (context) => killClients(context, { points: 500, rssGrowthMaxMiB: 64 }),
);
