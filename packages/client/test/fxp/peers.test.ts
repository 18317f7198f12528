import { needs, peerNeeds, startProftpd } from "@sallyport/testing";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { authoritiesOf, PeerPlaces } from "./peer-places.ts";
import { identity } from "./scene.ts";

const places = new PeerPlaces();

/** Those of other makers, and those that refuse, in the full tier. */
describe("copies between ours and ProFTPD", { skip: needs(...peerNeeds.proftpd) }, () => {
  before(async () => {
    const directives = [`TLSCACertificateFile ${identity.caFile}`];
    const proftpd = await startProftpd({ tlsOptions: ["NoSessionReuseRequired"], directives });
    await places.addOurs(await authoritiesOf([proftpd]));
    await places.add("proftpd", proftpd);
  });
  after(() => places[Symbol.asyncDispose]());

  for (const [from, to] of [
    ["proftpd", "ours"],
    ["ours", "proftpd"],
  ] as const) {
    it(`R-FXP-01 R-FXP-02 ${from} to ${to} directly, under TLS by SSCN, or through here`, async () => {
      const secure = { client: "from", by: "SSCN" };
      assert.deepEqual(await places.copy(from, to), { kind: "direct", listener: "to", secure });
      assert.deepEqual(await places.copy(from, to, { mode: "relay" }), { kind: "relay", because: [] });
    });
  }
});
