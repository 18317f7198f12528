import { connect } from "@sallyport/client";
import {
  needs,
  type Peer,
  peerNeeds,
  startProftpd,
  startPureFtpd,
  startPyftpdlib,
  startVsftpd,
} from "@sallyport/testing";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { everyOperation } from "./every-operation.ts";

/** vsftpd and ProFTPD refuse data connections that do not resume; the others do not resume at all, or not always. */
const peers = [
  { name: "vsftpd", start: () => startVsftpd(), needs: peerNeeds.vsftpd, resumption: "require" },
  { name: "ProFTPD", start: () => startProftpd(), needs: peerNeeds.proftpd, resumption: "require" },
  { name: "Pure-FTPd", start: () => startPureFtpd(), needs: peerNeeds.pureFtpd, resumption: "prefer" },
  { name: "pyftpdlib", start: () => startPyftpdlib(), needs: peerNeeds.pyftpdlib, resumption: "prefer" },
] as const;

const modes = (["explicit", "implicit"] as const).flatMap((security) =>
  (["TLSv1.2", "TLSv1.3"] as const).map((maxVersion) => ({ security, maxVersion })),
);

for (const { name, start, needs: needed, resumption } of peers) {
  test(
    `every operation against ${name}, in both modes and both versions of TLS`,
    { skip: needs(...needed) },
    async (t) => {
      await using peer: Peer = await start();
      for (const { security, maxVersion } of modes) {
        const port = security === "implicit" ? peer.implicitPort : peer.explicitPort;
        if (port === undefined) continue;
        await t.test(`${security}, ${maxVersion}`, async () => {
          await using client = await connect(`localhost:${port}`, {
            user: peer.user,
            password: peer.password,
            security,
            tls: { ca: await readFile(peer.caFile), maxVersion, resumption },
          });
          assert.equal(client.tls?.protocol, maxVersion);
          await everyOperation(client, peer.home);
        });
      }
    },
  );
}
