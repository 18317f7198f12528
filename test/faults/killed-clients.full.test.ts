import { needs } from "@sallyport/testing";
import { describe, it } from "node:test";
import { killClients } from "./killed-clients-run.ts";

describe("S-11 S-32 clients killed at 500 random octets of uploads and downloads: nothing torn, lost or leaked", () => {
  for (const { workers, points } of [
    { workers: "1", points: 250 },
    { workers: "2", points: 250 },
  ]) {
    it(`${points} of them on a server of ${workers}`, { timeout: 1_200_000, skip: needs("linux", "curl") }, (context) =>
      killClients(context, { points, words: ["--workers", workers], rssGrowthMaxMiB: 32 }),
    );
  }
});
