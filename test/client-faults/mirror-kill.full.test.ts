import { needs, peerNeeds, startProftpd, startVsftpd } from "@sallyport/testing";
import { describe, test } from "node:test";
import { killMirrors, killMirrorsOf } from "./mirror-kill-run.ts";

const directions = ["download", "upload"] as const;

describe("mirrors of 500 files, killed with -9 at random points and started again until one run ends", () => {
  for (const direction of directions) {
    test(`25 times ${direction}`, { timeout: 1_800_000, skip: needs("linux") }, (context) =>
      killMirrors(context, { mirrors: 25, direction }),
    );
    test(`5 times ${direction}, vsftpd`, { timeout: 900_000, skip: needs(...peerNeeds.vsftpd) }, async (context) => {
      await using peer = await startVsftpd();
      await killMirrorsOf(context, peer, { mirrors: 5, direction });
    });
    test(`5 times ${direction}, ProFTPD`, { timeout: 900_000, skip: needs(...peerNeeds.proftpd) }, async (context) => {
      await using peer = await startProftpd();
      await killMirrorsOf(context, peer, { mirrors: 5, direction });
    });
  }
});
