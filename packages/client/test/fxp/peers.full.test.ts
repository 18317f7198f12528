import { needs, peerNeeds, startProftpd, startVsftpd } from "@sallyport/testing";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { authoritiesOf, PeerPlaces } from "./peer-places.ts";

const skip = needs(...new Set([...peerNeeds.proftpd, ...peerNeeds.vsftpd]));
const places = new PeerPlaces();

/** As they come: both demand that data resumes the client's TLS, and ProFTPD knows no authority and dies of that. */
describe("copies to and from servers that refuse others", { skip }, () => {
  before(async () => {
    const [vsftpd, proftpd] = await Promise.all([startVsftpd(), startProftpd()]);
    await places.addOurs(await authoritiesOf([vsftpd, proftpd]));
    await places.add("vsftpd", vsftpd);
    await places.add("proftpd", proftpd);
  });
  after(() => places[Symbol.asyncDispose]());

  const pairs = [
    ["ours", "proftpd"],
    ["proftpd", "ours"],
    ["ours", "vsftpd"],
    ["vsftpd", "ours"],
    ["proftpd", "vsftpd"],
    ["vsftpd", "proftpd"],
  ] as const;
  for (const [from, to] of pairs) {
    it(`R-4217-43 ${from} to ${to} through here, and the next one, too`, async () => {
      for (let time = 0; time < 2; time++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const route = await places.copy(from, to);
        assert.equal(route.kind, "relay");
        assert.match(String(route.kind === "relay" && route.because), /^(?:Source|Target): /);
      }
    });
  }
});
