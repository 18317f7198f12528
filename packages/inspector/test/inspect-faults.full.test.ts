import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { inspect } from "@sallyport/inspector";
import {
  makeTestIdentity,
  needs,
  peerNeeds,
  startPeer,
  startVsftpd,
  type Peer,
  type TestIdentity,
} from "@sallyport/testing";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { host, publicKeyOf, soundRecords, tlsa } from "./corpus.ts";
import { inspectPeer, isFault } from "./inspected.ts";
import { startNameServer } from "./name-server.ts";

/** A real server that is set up to have a fault, and the remedy that the report names for it, applied. */
interface FaultyPeer {
  readonly peer: "vsftpd" | "proftpd" | "pureFtpd";
  readonly check: string;
  /** Lines of the configuration that make the fault. */
  readonly poor: readonly string[];
  /** Its certificate, where that is the fault. */
  readonly identity?: TestIdentity;
  /** What is put for the placeholders of the remedy; without one no setting mends it. */
  readonly filled?: (remedy: string) => string;
}

const as = (remedy: string) => remedy;
const values = (remedy: string) => remedy.replaceAll("ADDRESS", "127.0.0.1").replace("TEXT", "Welcome");

/** Versions of today are the least that the libraries of today take, unless they are told otherwise. */
const everySuite = "ALL:@SECLEVEL=0";

const faulty: readonly FaultyPeer[] = [
  { peer: "vsftpd", check: "P1 clear-login", poor: ["force_local_logins_ssl=NO"], filled: as },
  { peer: "vsftpd", check: "D1 passive-address", poor: ["pasv_address=10.0.0.5"], filled: values },
  { peer: "vsftpd", check: "D2 stolen-data", poor: ["require_ssl_reuse=NO", "pasv_promiscuous=YES"], filled: as },
  { peer: "vsftpd", check: "D8 bounce", poor: ["port_promiscuous=YES"], filled: as },
  { peer: "vsftpd", check: "F2 version-leak", poor: [], filled: values },
  {
    ...{ peer: "vsftpd", check: "F3 anonymous", filled: as },
    poor: ["anonymous_enable=YES", "allow_anon_ssl=YES", "ftp_username=alice", "anon_root=/usr"],
  },
  { peer: "vsftpd", check: "T1 versions", poor: ["ssl_tlsv1=YES", `ssl_ciphers=${everySuite}`] },
  { peer: "vsftpd", check: "T4 forward-secrecy", poor: ["ssl_ciphers=ALL"], filled: as },
  { peer: "vsftpd", check: "C2 name", poor: [], identity: makeTestIdentity({ names: ["other.example"] }) },
  { peer: "vsftpd", check: "C3 validity", poor: [], identity: made({ validFromDays: -9, validForDays: -2 }) },
  { peer: "proftpd", check: "D1 passive-address", poor: ["MasqueradeAddress 10.0.0.5"], filled: values },
  { peer: "proftpd", check: "D8 bounce", poor: [], filled: as },
  { peer: "proftpd", check: "F2 known-flaws", poor: ['ServerIdent on "ProFTPD 1.3.5 Server"'] },
  { peer: "proftpd", check: "F2 version-leak", poor: ['ServerIdent on "ProFTPD 1.3.5 Server"'], filled: as },
  {
    ...{ peer: "proftpd", check: "T1 versions", filled: as },
    poor: ["TLSProtocol TLSv1 TLSv1.1 TLSv1.2", `TLSCipherSuite ${everySuite}`],
  },
  { peer: "proftpd", check: "T4 forward-secrecy", poor: [], filled: as },
  { peer: "pureFtpd", check: "D1 passive-address", poor: ["-P 10.0.0.5"], filled: values },
  { peer: "pureFtpd", check: "P3 clear-data", poor: [], filled: as },
];

const starters: Readonly<
  Record<FaultyPeer["peer"], (lines: readonly string[], environment: Record<string, string>) => Promise<Peer>>
> = {
  vsftpd: (lines, environment) =>
    startPeer({
      starter: "vsftpd",
      hasImplicit: true,
      environment: { ...environment, PEER_OPTIONS: lines.flatMap((line) => line.split(" ")).join(" ") },
    }),
  proftpd: (lines, environment) =>
    startPeer({
      starter: "proftpd",
      hasImplicit: true,
      environment: { ...environment, PEER_DIRECTIVES: lines.join("\n") },
    }),
  pureFtpd: (lines, environment) =>
    startPeer({
      starter: "pure-ftpd",
      hasImplicit: false,
      environment: { ...environment, PEER_OPTIONS: lines.join(" ") },
    }),
};

for (const { peer, check, poor, identity, filled } of faulty) {
  test(
    `${peer} with ${poor.join(", ") || "its own settings"}: ${check}`,
    { skip: needs(...peerNeeds[peer]) },
    async () => {
      const only = [check.split(" ", 1)[0] ?? ""];
      const own = await inspectedWith(poor, identity);
      assert.ok(own.length > 0, "the fault is not found");
      if (filled === undefined) return;
      const [remedy] = own.flatMap(({ fix }) => (fix === null ? [] : [filled(fix.text)]));
      assert.ok(remedy !== undefined, "there is no remedy");
      const words = peer === "pureFtpd" ? (/\((?<words>-[^)]*)\)/.exec(remedy)?.groups?.["words"] ?? remedy) : remedy;
      assert.deepEqual(await inspectedWith(mended(poor, words), identity), [], words);

      async function inspectedWith(lines: readonly string[], shown: TestIdentity | undefined) {
        const folder = shown === undefined ? undefined : certificateFolder(shown);
        try {
          await using running = await starters[peer](lines, folder === undefined ? {} : { PEER_CERTIFICATES: folder });
          const { findings } = await inspectPeer(running, { only, insecure: true, anonymous: true });
          return findings.filter((finding) => `${finding.id} ${finding.check}` === check && isFault(finding));
        } finally {
          if (folder !== undefined) rmSync(folder, { recursive: true });
        }
      }
    },
  );
}

test("vsftpd with a TLSA record of another key: X1 tlsa", { skip: needs(...peerNeeds.vsftpd) }, async () => {
  await using peer = await startVsftpd();
  const key = publicKeyOf(readFileSync(join(peer.directory, "certs/cert.pem"), "latin1"));
  const told = async (digest: Buffer) => {
    const name = `_${peer.explicitPort}._tcp.${host}`;
    await using names = await startNameServer([...soundRecords, { ...tlsa(digest), name }]);
    const found = await inspect(host, {
      ...{ ports: { explicit: peer.explicitPort, implicit: "off" }, address: peer.host, nameServers: [names.address] },
      ...{ only: ["X1"], ca: readFileSync(peer.caFile, "latin1"), timeoutMs: 20_000 },
    });
    return "kind" in found ? assert.fail(JSON.stringify(found)) : found.findings.map(({ status }) => status);
  };
  assert.deepEqual(await told(Buffer.alloc(32)), ["fail"]);
  assert.deepEqual(await told(createHash("sha256").update(key).digest()), ["ok"]);
});

/** The remedy takes the place of the lines that it is about. */
function mended(poor: readonly string[], remedy: string): readonly string[] {
  const setting = (line: string) => line.split(/[= ]/, 1)[0];
  return [...poor.filter((line) => setting(line) !== setting(remedy)), remedy];
}

function made(wishes: Omit<Parameters<typeof makeTestIdentity>[0], "names">): TestIdentity {
  return makeTestIdentity({ names: ["localhost", "127.0.0.1"], keyType: "rsa", ...wishes });
}

/** As a starter wants it: ca.pem, cert.pem, key.pem and both.pem. */
function certificateFolder({ caFile, certificateFile, keyFile, certificate, key }: TestIdentity): string {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-peer-certificates-"));
  copyFileSync(caFile, join(folder, "ca.pem"));
  copyFileSync(certificateFile, join(folder, "cert.pem"));
  copyFileSync(keyFile, join(folder, "key.pem"));
  writeFileSync(join(folder, "both.pem"), certificate + key, { mode: 0o600 });
  return folder;
}
