import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { conclude, explain, type Conclusion, type ExplainEvent } from "@sallyport/inspector";
import {
  needs,
  peerNeeds,
  startProftpd,
  startPureFtpd,
  startPyftpdlib,
  startTestServer,
  startVsftpd,
  type Peer,
} from "@sallyport/testing";

/** Each server as it was met; a group that is none of the client's first shares costs a round trip more. */
const servers = [
  { name: "vsftpd", start: startVsftpd, skip: needs(...peerNeeds.vsftpd), group: "P-256", roundTrips: [5, 4] },
  { name: "ProFTPD", start: startProftpd, skip: needs(...peerNeeds.proftpd), group: "X25519", roundTrips: [4, 3] },
  { name: "Pure-FTPd", start: startPureFtpd, skip: needs(...peerNeeds.pureFtpd), group: "P-256", roundTrips: [5] },
  {
    name: "pyftpdlib",
    start: startPyftpdlib,
    skip: needs(...peerNeeds.pyftpdlib),
    group: "X25519",
    roundTrips: [4, 3],
  },
] as const;

for (const { name, start, skip, group, roundTrips } of servers) {
  test(`${name} is explained`, { skip }, async () => {
    await using peer = await start();
    const { explicit, implicit, verdict } = await ask(peer);
    assert.equal(verdict, "sound");
    assert.equal(explicit.group, group);
    assert.equal(explicit.roundTrips, roundTrips[0]);
    assert.equal(implicit.roundTrips, roundTrips[1]);
    assert.match(explicit.clearLines.join("\n"), /^220[\s\S]*AUTH TLS\n234 /);
    assert.equal(implicit.clearFtpOctets, 0);
  });
}

test("our own server is explained: a hybrid group, and no octet of FTP in clear in implicit mode", async () => {
  await using server = await startTestServer();
  const ports = { explicit: server.explicitPort, implicit: server.implicitPort };
  const events: ExplainEvent[] = [];
  for await (const event of explain("127.0.0.1", { ports, insecure: true, timeoutMs: 20_000 })) events.push(event);
  const { explicit, implicit, verdict } = conclude(events, { host: "127.0.0.1", ports });
  assert.equal(verdict, "sound");
  assert.deepEqual([explicit.roundTrips, implicit.roundTrips], [4, 3]);
  assert.deepEqual([explicit.group, implicit.group], ["X25519MLKEM768", "X25519MLKEM768"]);
  assert.equal(implicit.clearFtpOctets, 0);
  assert.equal(explicit.clearLines.length, 3);
});

async function ask({ host, explicitPort, implicitPort, caFile }: Peer): Promise<Conclusion> {
  const ports = { explicit: explicitPort, implicit: implicitPort ?? explicitPort };
  const events: ExplainEvent[] = [];
  const ca = readFileSync(caFile, "latin1");
  for await (const event of explain(host, { ports, ca, timeoutMs: 20_000 })) {
    // A server without implicit mode has its only port asked in both; what that says is not looked at.
    if (implicitPort !== undefined || event.mode === "explicit") events.push(event);
  }
  return conclude(events, { host, ports });
}
