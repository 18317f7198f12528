import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { needs, peerNeeds, startProftpd, startPureFtpd, startVsftpd, type Peer } from "@sallyport/testing";
import { inspectPeer } from "./inspected.ts";
import { testRemedies } from "./remedies.ts";

testRemedies("proftpd");
testRemedies("pureFtpd");

const run = promisify(execFile);

const peers = [
  { name: "vsftpd", skip: needs(...peerNeeds.vsftpd), start: startVsftpd },
  { name: "ProFTPD", skip: needs(...peerNeeds.proftpd), start: startProftpd },
  { name: "Pure-FTPd", skip: needs(...peerNeeds.pureFtpd), start: startPureFtpd },
] as const;

for (const { name, skip, start } of peers) {
  test(`${name}: --deep finds the suites of TLS 1.2 that openssl s_client agrees on`, { skip }, async () => {
    await using peer = await start();
    const report = await inspectPeer(peer, { deep: true, only: ["T2"] });
    const listed = report.findings.flatMap(({ check, evidence }) => (check === "every-suite" ? evidence : []));
    const ours = new Set(
      listed
        .find((line) => line.startsWith("TLS 1.2: "))
        ?.slice("TLS 1.2: ".length)
        .split(", "),
    );
    const theirs = new Set<string>();
    for (const [standard, own] of openSslSuites()) if (await agrees(peer, own)) theirs.add(standard);
    const known = new Set(openSslSuites().map(([standard]) => standard));
    assert.ok(theirs.size > 5, [...theirs].join());
    // What this OpenSSL cannot offer is left out of the comparison; what it can has to be the same.
    assert.deepEqual([...ours].filter((suite) => known.has(suite)).toSorted(), [...theirs].toSorted());
  });
}

test("vsftpd without require_ssl_reuse: D4 is found, and vanishes", { skip: peers[0].skip }, async () => {
  const found = async (options: readonly string[]) => {
    await using peer = await startVsftpd({ options });
    const { findings } = await inspectPeer(peer, { only: ["D4"] });
    return findings.flatMap(({ check, status, fix }) => (check === "resumption" ? [[status, fix?.text]] : []));
  };
  assert.deepEqual(await found(["require_ssl_reuse=NO"]), [["fail", "require_ssl_reuse=YES"]]);
  assert.deepEqual(await found(["require_ssl_reuse=NO", "require_ssl_reuse=YES"]), [["ok", undefined]]);
});

/** Suites of TLS 1.2 that this OpenSSL has and that need no shared secret, by the names of IANA and its own. */
function openSslSuites(): readonly (readonly [standard: string, own: string])[] {
  const words = ["ciphers", "-stdname", "-tls1_2", "-s", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"];
  const { stdout } = spawnSync("openssl", words, { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const [, standard, own] = /^(TLS_\S+)\s+- (\S+)/.exec(line) ?? [];
    const isOfOurs = standard !== undefined && !/PSK|SRP|GOST/.test(standard);
    return isOfOurs && own !== undefined ? [[standard, own] as const] : [];
  });
}

async function agrees({ host, explicitPort }: Peer, suite: string): Promise<boolean> {
  const words = ["s_client", "-starttls", "ftp", "-connect", `${host}:${explicitPort}`, "-tls1_2", "-brief"];
  try {
    const asked = run("openssl", [...words, "-cipher", `${suite}:@SECLEVEL=0`], { timeout: 20_000 });
    asked.child.stdin?.end();
    const { stderr } = await asked;
    return stderr.includes("CONNECTION ESTABLISHED");
  } catch {
    return false;
  }
}
