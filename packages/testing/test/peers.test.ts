import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { connect } from "node:net";
import test from "node:test";
import { promisify } from "node:util";
import {
  needs,
  peerNeeds,
  startProftpd,
  startPureFtpd,
  startPyftpdlib,
  startVsftpd,
  type Peer,
} from "@sallyport/testing";

const run = promisify(execFile);

async function curlNames(peer: Peer, scheme: "ftp" | "ftps", port: number): Promise<readonly string[]> {
  const { stdout } = await run("curl", [
    ...["--silent", "--show-error", "--list-only", "--ssl-reqd", "--max-time", "20"],
    ...["--cacert", peer.caFile, "--user", `${peer.user}:${peer.password}`, `${scheme}://${peer.host}:${port}/`],
  ]);
  return stdout.split(/\r?\n/).filter(Boolean);
}

async function lftpNames(peer: Peer, url: string): Promise<readonly string[]> {
  const settings = `set ssl:ca-file ${peer.caFile}; set ftp:ssl-force true; set net:max-retries 1`;
  const { stdout } = await run("lftp", ["-u", `${peer.user},${peer.password}`, "-e", `${settings}; cls -1; bye`, url]);
  return stdout.split("\n").filter(Boolean);
}

function assertHome(names: readonly string[]): void {
  for (const name of ["hello.txt", "random.bin", "name with space.txt"]) assert.ok(names.includes(name), names.join());
}

async function assertGone(peer: Peer): Promise<void> {
  // The children of a server that was ended may hold its listening socket for a moment longer.
  const deadline = Date.now() + 5000;
  while ((await connectError(peer)) !== "ECONNREFUSED") {
    assert.ok(Date.now() < deadline, "the peer still listens");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await assert.rejects(access(peer.directory));
}

function connectError(peer: Peer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(peer.explicitPort, peer.host);
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.once("connect", () => resolve(undefined)).once("connect", () => socket.destroy());
  });
}

const starters = [
  { name: "vsftpd", start: startVsftpd, skip: needs("curl", ...peerNeeds.vsftpd) },
  { name: "proftpd", start: startProftpd, skip: needs("curl", ...peerNeeds.proftpd) },
  { name: "pure-ftpd", start: startPureFtpd, skip: needs("curl", ...peerNeeds.pureFtpd) },
] as const;

for (const { name, start, skip } of starters) {
  test(`${name} starts, lists to curl over TLS, and is gone when disposed`, { skip }, async () => {
    const peer = await start();
    {
      await using server = peer;
      assertHome(await curlNames(server, "ftp", server.explicitPort));
      if (server.implicitPort !== undefined) assertHome(await curlNames(server, "ftps", server.implicitPort));
    }
    await assertGone(peer);
  });
}

test(
  "pyftpdlib starts, lists to lftp over TLS, and is gone when disposed",
  { skip: needs("lftp", ...peerNeeds.pyftpdlib) },
  async () => {
    const peer = await startPyftpdlib();
    {
      await using server = peer;
      assertHome(await lftpNames(server, `ftp://localhost:${server.explicitPort}`));
      assertHome(await lftpNames(server, `ftps://localhost:${server.implicitPort}`));
    }
    await assertGone(peer);
  },
);

test("a peer whose configuration is wrong says why", { skip: needs(...peerNeeds.proftpd) }, async () => {
  await assert.rejects(startProftpd({ tlsOptions: ["NoSuchOption"] }), /unknown TLSOption 'NoSuchOption'/);
});
