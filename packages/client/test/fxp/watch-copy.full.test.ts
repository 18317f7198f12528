import { needs, peerNeeds, startProftpd } from "@sallyport/testing";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { identity } from "./scene.ts";
import { clientOf, showsHalf, slowSource } from "./slow-source.ts";

const skip = needs(...peerNeeds.proftpd);

it("progress of a copy to another's is the size of what it has, on a further connection", { skip }, async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const known = join(tmpdir(), `sallyport-known-${process.pid}.pem`);
  t.after(() => rm(known));
  await writeFile(known, identity.ca);
  await using target = await startProftpd({
    tlsOptions: ["NoSessionReuseRequired"],
    directives: [`TLSCACertificateFile ${known}`],
  });
  await slowSource(promise, async (from) => {
    await using to = await clientOf(target.explicitPort, await readFile(target.caFile, "latin1"));
    await showsHalf(from, to, resolve);
  });
});
