import { needs, peerNeeds, startProftpd, startPureFtpd, startVsftpd } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { authoritiesOf, PeerPlaces } from "./peer-places.ts";

const skip = needs(...new Set([...peerNeeds.proftpd, ...peerNeeds.vsftpd, ...peerNeeds.pureFtpd]));
const places = new PeerPlaces();
let folder = "";

/** ProFTPD has SSCN, vsftpd and Pure-FTPd have nothing of the kind; all of them let data go to and come from others. */
describe("copies between servers of several makers", { skip }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sallyport-fxp-"));
    const [vsftpd, pure] = await Promise.all([
      startVsftpd({ options: ["require_ssl_reuse=NO", "pasv_promiscuous=YES", "port_promiscuous=YES"] }),
      startPureFtpd(),
    ]);
    const known = join(folder, "known.pem");
    await writeFile(known, await authoritiesOf([vsftpd, pure]));
    const directives = [`TLSCACertificateFile ${known}`];
    const proftpd = await startProftpd({ tlsOptions: ["NoSessionReuseRequired"], directives });
    await places.addOurs(await authoritiesOf([vsftpd, pure, proftpd]));
    await Promise.all([places.add("vsftpd", vsftpd), places.add("pure", pure), places.add("proftpd", proftpd)]);
  });
  after(async () => {
    await places[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const protectedPairs = [
    ["proftpd", "ours", "from", "SSCN"],
    ["ours", "proftpd", "from", "SSCN"],
    ["vsftpd", "ours", "to", "CPSV"],
    ["ours", "vsftpd", "from", "SSCN"],
    ["pure", "ours", "to", "CPSV"],
    ["ours", "pure", "from", "SSCN"],
    ["pure", "proftpd", "to", "SSCN"],
  ] as const;
  for (const [from, to, client, by] of protectedPairs) {
    it(`R-FXP-01 R-FXP-02 ${from} to ${to} directly, under TLS by ${by} of the ${client} side`, async () => {
      assert.deepEqual(await places.copy(from, to), { kind: "direct", listener: "to", secure: { client, by } });
    });
  }

  it("R-CLI-05 ProFTPD to vsftpd, one time in two not to its end: whole, whichever way", async () => {
    const { kind } = await places.copy("proftpd", "vsftpd");
    assert.match(kind, /^(?:direct|relay)$/);
  });

  it("R-4217-43 vsftpd to Pure-FTPd through here, or in clear where that is permitted", async () => {
    assert.deepEqual(await places.copy("vsftpd", "pure"), {
      kind: "relay",
      because: ["Neither server offers SSCN or CPSV, which protect such a copy"],
    });
    const inClear = await places.copy("vsftpd", "pure", { mode: "direct", clear: true });
    assert.deepEqual(inClear, { kind: "direct", listener: "to", secure: undefined });
  });
});
