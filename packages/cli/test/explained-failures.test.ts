import { needs, peerNeeds, startVsftpd } from "@sallyport/testing";
import assert from "node:assert/strict";
import test from "node:test";
import { type Outcome, runSallyport, scratchDirectory } from "./run-sallyport.ts";
import { writeBelow } from "./client-server.ts";

/** The causes of the library are provoked in its own tests; here is what the command makes of some of them. */
test("--explain names the settings of vsftpd that decide", { skip: needs(...peerNeeds.vsftpd) }, async () => {
  await using peer = await startVsftpd({
    options: ["write_enable=NO", "force_local_logins_ssl=YES", "port_enable=NO", "max_per_ip=2"],
  });
  const scratch = scratchDirectory();
  const file = writeBelow(scratch, "new.txt", "new\n");
  const explained = (words: readonly string[]): Promise<Outcome> =>
    runSallyport([...words, "--ca", peer.caFile, "--explain"], {
      environment: { SALLYPORT_PASSWORD: peer.password, HOME: scratch, NETRC: "/nonexistent" },
    });
  const url = `ftp://${peer.user}@localhost:${peer.explicitPort}`;
  const cases: readonly (readonly [words: readonly string[], code: number, setting: string, here: RegExp])[] = [
    [["put", file, `${url}/new.txt`], 77, "write_enable=YES", /Who can help {3}the server's administrator\n/],
    [["ls", url, "--plain"], 67, "force_local_logins_ssl=NO", /Here {11}Leave --plain out/],
    [["ls", url, "--active"], 76, "port_enable=YES", /Here {11}Leave --active out/],
    [
      ["ls", `ftps://localhost:${peer.explicitPort}`],
      76,
      "implicit_ssl=YES",
      /Here {11}Ask for explicit TLS.*\(--explicit\)/,
    ],
  ];
  for (const [words, code, setting, here] of cases) {
    // oxlint-disable-next-line no-await-in-loop -- the server counts connections
    const outcome = await explained(words);
    assert.equal(outcome.code, code, outcome.stderr);
    const said = outcome.stderr.replaceAll(/\n {17}/g, " ");
    assert.match(said, /^ {2}Server {9}vsftpd, going by "220 \(vsFTPd /m);
    assert.match(said, new RegExp(`^  At the server  vsftpd\\.conf: ${setting}`, "m"));
    assert.match(said, here);
    assert.ok(!outcome.stderr.includes(peer.password));
  }
});
