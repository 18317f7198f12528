import { FtpDriver, makeTestIdentity, startTestServer, type TestServer } from "@sallyport/testing";
import { connect, type ConnectionOptions, getCiphers, type TLSSocket } from "node:tls";
import { markdownTable, type Sections } from "./sections.ts";

/** What a server with default settings, an ECDSA and an RSA certificate really accepts, found by trying. */
export async function tlsSections(): Promise<Sections> {
  const names = ["localhost", "127.0.0.1", "::1"];
  const identities = (["ec", "rsa"] as const).map((keyType) => makeTestIdentity({ names, keyType }));
  await using server = await startTestServer({ tls: { identities } });
  return {
    versions: await versionTable(server),
    suites: await suiteTable(server),
    groups: await groupTable(server),
    alpn: await alpnTable(server),
    replies: await replyTable(server),
  };
}

/** How a handshake with the implicit port went. */
type Attempt =
  | { readonly kind: "accepted"; readonly suite: string; readonly alpn: string; readonly group: string }
  | { readonly kind: "refused"; readonly alert: string }
  /** This machine's OpenSSL cannot offer it. */
  | { readonly kind: "not-offered" };

async function versionTable(server: TestServer): Promise<string> {
  const versions = ["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"] as const;
  const rows: string[][] = [];
  for (const version of versions) {
    const attempt = await attemptTls(server, {
      minVersion: version,
      maxVersion: version,
      ciphers: "DEFAULT:@SECLEVEL=0",
    });
    rows.push([version.replace(/^TLSv/, "TLS ").replace(/^TLS 1$/, "TLS 1.0"), attemptText(attempt)]);
  }
  return markdownTable(["Version", "Answer"], rows);
}

async function suiteTable(server: TestServer): Promise<string> {
  const tls13 = await accepted(server, { TLS13: true });
  const tls12 = await accepted(server, { TLS13: false });
  const rows = [...tls13.map((suite) => ["TLS 1.3", suite]), ...tls12.map((suite) => ["TLS 1.2", suite])];
  return markdownTable(
    ["Version", "Suite (OpenSSL's name)"],
    rows.map(([version = "", suite = ""]) => [version, `\`${suite}\``]),
  );
}

async function accepted(server: TestServer, { TLS13 }: { readonly TLS13: boolean }): Promise<string[]> {
  const version = TLS13 ? "TLSv1.3" : "TLSv1.2";
  const suites = getCiphers().filter((name) => name.startsWith("tls_") === TLS13);
  const found: string[] = [];
  for (const suite of suites) {
    const ciphers = TLS13 ? suite.toUpperCase() : `${suite.toUpperCase()}:@SECLEVEL=0`;
    const attempt = await attemptTls(server, { minVersion: version, maxVersion: version, ciphers });
    if (attempt.kind === "accepted") found.push(attempt.suite);
  }
  return found.toSorted();
}

/** By their names in OpenSSL; those that it does not know by name are not tried. */
const groups = [
  "X25519MLKEM768",
  "SecP256r1MLKEM768",
  "SecP384r1MLKEM1024",
  "X25519",
  "P-256",
  "X448",
  "P-384",
  "P-521",
  "ffdhe2048",
  "ffdhe3072",
  "ffdhe4096",
  "brainpoolP256r1tls13",
  "MLKEM768",
];

async function groupTable(server: TestServer): Promise<string> {
  const rows: string[][] = [];
  for (const group of groups) {
    const attempt = await attemptTls(server, { minVersion: "TLSv1.3", ecdhCurve: group });
    rows.push([`\`${group}\``, attemptText(attempt)]);
  }
  const everything = await attemptTls(server, { minVersion: "TLSv1.3" });
  const chosen = everything.kind === "accepted" ? everything.group : "none";
  return `${markdownTable(["Group alone", "Answer"], rows)}\n\nA client that offers what OpenSSL offers by default gets \`${chosen}\`.`;
}

async function alpnTable(server: TestServer): Promise<string> {
  const offers = [[], ["ftp"], ["http/1.1", "ftp"], ["http/1.1"], ["x-filezilla-ftp", "ftp"]];
  const rows: string[][] = [];
  for (const offer of offers) {
    const attempt = await attemptTls(server, offer.length > 0 ? { ALPNProtocols: offer } : {});
    const answer = attempt.kind === "accepted" ? attempt.alpn : attemptText(attempt);
    rows.push([offer.length > 0 ? offer.map((name) => `\`${name}\``).join(", ") : "none", answer]);
  }
  return markdownTable(["Client offers", "Answer"], rows);
}

const tlsCommands = ["AUTH TLS", "PROT S", "PROT E", "PROT P", "PROT C", "CCC", "MIC AAAA", "ENC AAAA"] as const;

async function replyTable(server: TestServer): Promise<string> {
  const rows: string[][] = [];
  const note = async (driver: FtpDriver, line: string, where: string): Promise<void> => {
    const { code, text } = await driver.command(line);
    rows.push([`\`${line}\``, where, String(code), text.slice(4)]);
  };
  await using clear = await server.greeted();
  for (const line of ["AUTH GSSAPI", "PBSZ 0", "PROT P", "CCC", "USER alice", "ADAT AAAA", "MIC AAAA"]) {
    await note(clear, line, "in clear");
  }
  await using protectedDriver = await server.greeted();
  await protectedDriver.expect("AUTH TLS", 234);
  await protectedDriver.startTls({ rejectUnauthorized: false });
  await protectedDriver.expect("USER alice", 331);
  await protectedDriver.expect("PASS secret", 230);
  await note(protectedDriver, "LIST", "in TLS, no PROT given");
  for (const line of tlsCommands) await note(protectedDriver, line, "in TLS");
  await using implicit = await FtpDriver.connect(server.implicitPort, { tls: { rejectUnauthorized: false } });
  await implicit.reply();
  for (const line of ["AUTH TLS", "PROT C", "CCC"]) await note(implicit, line, "on the implicit port");
  return markdownTable(["Command", "When", "Code", "Text"], rows);
}

function attemptText(attempt: Attempt): string {
  if (attempt.kind === "accepted") return "accepted";
  return attempt.kind === "refused" ? `refused, ${attempt.alert}` : "not tried";
}

/** One handshake with the implicit port, at most five seconds. */
function attemptTls(server: TestServer, options: ConnectionOptions): Promise<Attempt> {
  return new Promise((resolve) => {
    let socket: TLSSocket;
    try {
      const at = { host: "127.0.0.1", port: server.implicitPort, servername: "localhost" };
      socket = connect({ ...at, rejectUnauthorized: false, ...options });
    } catch {
      resolve({ kind: "not-offered" });
      return;
    }
    const settle = (attempt: Attempt): void => {
      resolve(attempt);
      socket.destroy();
    };
    socket.setTimeout(5000, () => settle({ kind: "refused", alert: "no answer" }));
    socket.once("error", (error: NodeJS.ErrnoException) => settle(failedAttempt(error.code ?? error.message)));
    // In TLS 1.3 the client is done before the server has judged; the greeting shows that it was content.
    socket.once("data", () => {
      const seen = server.events.findLast((event) => event.kind === "tls-established");
      const group = seen?.kind === "tls-established" ? (seen.tls.group ?? "unknown") : "unknown";
      const alpn = socket.alpnProtocol;
      settle({
        kind: "accepted",
        suite: socket.getCipher().name,
        alpn: alpn === false || alpn === null ? "accepted, none chosen" : `\`${alpn}\``,
        group,
      });
    });
  });
}

/** OpenSSL's name of the alert; anything else never left this machine. */
function failedAttempt(code: string): Attempt {
  const alert = /ALERT_(?!NUMBER)([A-Z_]+)$/.exec(code)?.[1] ?? /^ERR_SSL_(?:TLSV1|SSLV3)_ALERT_(.+)$/.exec(code)?.[1];
  if (alert !== undefined) return { kind: "refused", alert: alert.toLowerCase() };
  return code === "ECONNRESET" ? { kind: "refused", alert: "connection closed" } : { kind: "not-offered" };
}
