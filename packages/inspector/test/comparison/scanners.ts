import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { groupName, suiteName } from "@sallyport/protocol";
import { dayText, listText, suiteFields, type Port, type View } from "./view.ts";

/** Programs that look at the TLS of an FTP server, and what each sees of a port. */
export const scanners = { sslscan, nmap, testssl } as const;
export type ScannerName = keyof typeof scanners;

/** Each connection costs some servers seconds: what takes longer tells nothing. */
const scanMs = 150_000;

/** What a program wrote into a file of its own; undefined where it did not come to an end. */
async function scanned(
  program: string,
  wordsFor: (folder: string) => Promise<readonly string[]> | readonly string[],
  file: string,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-scan-"));
  try {
    const words = await wordsFor(folder);
    // testssl.sh ends with the number of its findings; what counts is the file.
    return (await endsInTime(program, words)) ? await readFile(join(folder, file), "utf8") : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of a scan that takes too long every process is ended: testssl.sh waits for programs that wait for the server. */
async function endsInTime(program: string, words: readonly string[]): Promise<boolean> {
  const scan = spawn(program, words, { detached: true, stdio: "ignore" });
  const over = once(scan, "exit").catch(() => []);
  try {
    return await Promise.race([over.then(() => true), delay(scanMs, false, { ref: false })]);
  } finally {
    endGroup(scan.pid);
    await over;
  }
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL");
  } catch {
    // Nobody is left of it.
  }
}

async function sslscan({ host, port, mode }: Port): Promise<View> {
  const xml = await scanned(
    "sslscan",
    (folder) => [
      ...(mode === "explicit" ? ["--starttls-ftp"] : []),
      ...["--no-colour", `--xml=${join(folder, "out.xml")}`, `${host}:${port}`],
    ],
    "out.xml",
  );
  if (xml === undefined) return {};
  const suites: Record<string, string[]> = {};
  for (const [, version = "", code = ""] of xml.matchAll(/<cipher .*?sslversion="(\S+?)".*? id="0x(\w+)"/g)) {
    (suites[versionText(version)] ??= []).push(suiteName(Number.parseInt(code, 16)));
  }
  const groups = [...xml.matchAll(/<group sslversion="TLSv1.3".*? id="0x(\w+)"/g)];
  const isClients = !/status="preferred"/.test(xml);
  const [, until] = /<not-valid-after>(.*)<\/not-valid-after>/.exec(xml) ?? [];
  const [, signature] = /<signature-algorithm>(.*)<\/signature-algorithm>/.exec(xml) ?? [];
  const [, rsaBits] = /<pk error="false" type="RSA" bits="(\d+)"/.exec(xml) ?? [];
  const [, compression] = /<compression supported="(\d)"/.exec(xml) ?? [];
  const [, renegotiation] = /<renegotiation supported="\d" secure="(\d)"/.exec(xml) ?? [];
  return {
    ...suiteFields(suites),
    "groups of TLS 1.3": listText(groups.map(([, code = ""]) => groupName(Number.parseInt(code, 16)))),
    ...(isClients && { "order of suites": "client" }),
    ...(compression !== undefined && { compression: compression === "1" ? "yes" : "no" }),
    ...(renegotiation !== undefined && { "secure renegotiation": renegotiation === "1" ? "yes" : "no" }),
    ...(signature !== undefined && { signature: signature.toLowerCase() }),
    // The bits that it tells of other keys are those of their strength.
    ...(rsaBits !== undefined && { key: `rsa ${rsaBits}` }),
    ...(until !== undefined && { "valid until": dayText(new Date(until)) }),
  };
}

async function nmap({ host, port, mode }: Port): Promise<View> {
  const text = await scanned(
    "nmap",
    async (folder) => {
      // Its scripts begin with AUTH TLS where they take a port for FTP, which a number above 1023 does not tell.
      await writeFile(join(folder, "nmap-services"), `${mode === "explicit" ? "ftp" : "ftps"} ${port}/tcp 0.9\n`);
      const scripts = ["--script", "ssl-enum-ciphers,ssl-cert"];
      return ["-n", "-Pn", "-p", String(port), "--datadir", folder, ...scripts, "-oN", join(folder, "out.txt"), host];
    },
    "out.txt",
  );
  if (text === undefined) return {};
  const suites: Record<string, string[]> = {};
  const preferences = new Set<string>();
  let version = "";
  for (const line of text.split("\n")) {
    version = versionText(/^\| {3}((?:TLS|SSL)v[\d.]+): *$/.exec(line)?.[1]) || version;
    const [, suite] = /^\| {7}(TLS_\S+) /.exec(line) ?? [];
    if (suite !== undefined) (suites[version] ??= []).push(suite.replace("TLS_AKE_WITH_", "TLS_"));
    const [, preference] = /cipher preference: (\w+)/.exec(line) ?? [];
    if (preference !== undefined && version !== "TLS 1.3") preferences.add(preference);
  }
  const word = (pattern: RegExp) => pattern.exec(text)?.[1];
  const [type, bits, until] = [
    word(/Public Key type: (\w+)/),
    word(/Public Key bits: (\d+)/),
    word(/not valid after: +(\S+)/i),
  ];
  const signature = word(/Signature Algorithm: (\S+)/);
  const [preference] = preferences;
  const compressors = [...text.matchAll(/compressors: *\n\|_? {7}(\S+)/g)].map(([, name]) => name);
  return {
    ...suiteFields(suites),
    ...(preference !== undefined && preference !== "indeterminate" && { "order of suites": preference }),
    ...(compressors.length > 0 && { compression: compressors.some((name) => name !== "NULL") ? "yes" : "no" }),
    ...(type !== undefined && { key: `${type} ${bits}` }),
    ...(signature !== undefined && { signature: signature.toLowerCase() }),
    ...(until !== undefined && { "valid until": dayText(new Date(`${until}Z`)) }),
  };
}

async function testssl({ host, port, mode }: Port): Promise<View> {
  const json = await scanned(
    "testssl",
    (folder) => [
      ...["--quiet", "--color", "0", "--warnings", "off", "--ip", "one"],
      ...(mode === "explicit" ? ["--starttls", "ftp"] : []),
      ...["-p", "-E", "-S", "-R", "-P", "--jsonfile", join(folder, "out.json"), `${host}:${port}`],
    ],
    "out.json",
  );
  if (json === undefined) return {};
  const told = JSON.parse(json) as readonly { readonly id: string; readonly finding: string }[];
  const findings = new Map(told.map(({ id, finding }) => [id, finding]));
  const suites: Record<string, string[]> = {};
  for (const { id } of told) {
    const [, version = "", code = ""] = /^cipher-(\w+?)_x(\w+)$/.exec(id) ?? [];
    if (code !== "") (suites[versionText(version)] ??= []).push(suiteName(Number.parseInt(code, 16)));
  }
  const versions = testsslVersions
    .filter(([id]) => (findings.get(id) ?? "").startsWith("offered"))
    .map(([, name]) => name);
  const [, type = "", bits = ""] = /^(\w+) (\d+) bits/.exec(findings.get("cert_keySize") ?? "") ?? [];
  const renegotiation = findings.get("secure_renego");
  const order = findings.get("cipher_order");
  const [signature, until] = [findings.get("cert_signatureAlgorithm"), findings.get("cert_notAfter")];
  return {
    ...suiteFields(suites),
    versions: listText(versions),
    ...(order !== undefined && { "order of suites": /^NOT|not/.test(order) ? "client" : "server" }),
    ...(renegotiation !== undefined && {
      "secure renegotiation": renegotiation.startsWith("supported") ? "yes" : "no",
    }),
    ...(type !== "" && { key: `${type.toLowerCase()} ${bits}` }),
    ...(signature !== undefined && { signature: signatureText(signature) }),
    ...(until !== undefined && { "valid until": dayText(new Date(`${until}Z`)) }),
  };
}

const testsslVersions: readonly (readonly [id: string, name: string])[] = [
  ["SSLv2", "SSL 2.0"],
  ["SSLv3", "SSL 3.0"],
  ["TLS1", "TLS 1.0"],
  ["TLS1_1", "TLS 1.1"],
  ["TLS1_2", "TLS 1.2"],
  ["TLS1_3", "TLS 1.3"],
];

/** "ECDSA with SHA256", "SHA256 with RSA" in OpenSSL's words. */
function signatureText(text: string): string {
  const [, hash] = /(SHA\d+)/.exec(text) ?? [];
  return (/ECDSA/.test(text) ? `ecdsa-with-${hash}` : `${hash}withRSAEncryption`).toLowerCase();
}

/** `TLSv1.2`, `tls1_2`, `TLSv1` and `SSLv3` alike. */
function versionText(name: string | undefined): string {
  const [, family = "", major = "", minor = "0"] = /^(tls|ssl)v?(\d)(?:[._](\d))?$/i.exec(name ?? "") ?? [];
  return family === "" ? "" : `${family.toUpperCase()} ${major}.${minor}`;
}
