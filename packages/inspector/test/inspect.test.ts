import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { inspect, renderReport, type InspectReport } from "@sallyport/inspector";
import { departures } from "./report/schema.ts";
import { needs, startTestServer, type TestServer } from "@sallyport/testing";

describe("our own server", () => {
  let server: TestServer;
  let report: InspectReport;

  before(async () => {
    server = await startTestServer();
    const found = await inspect("127.0.0.1", {
      ports: { explicit: server.explicitPort, implicit: server.implicitPort },
      ca: server.identity.ca,
      credentials: { user: "alice", password: "secret" },
    });
    assert.ok(!("kind" in found), JSON.stringify(found));
    report = found;
  });
  after(() => server[Symbol.asyncDispose]());

  test("is graded A on both scales, with no fault", () => {
    assert.deepEqual(
      report.findings.filter(({ status }) => status === "fail" || status === "warn"),
      [],
    );
    assert.deepEqual([report.grade.overall, report.grade.tls, report.grade.policy], ["A", "A", "A"]);
  });

  test("R-TLS-34 its data connections are found to be tied to their login, whose ticket no other login can use", () => {
    assert.match(textOf(report, "D4"), /demanded from clients that have shown that they can/);
    assert.match(textOf(report, "D5"), /of another login is refused/);
    assert.match(textOf(report, "P3"), /refused at the transfer/);
  });

  test("takes no more than forty control connections", () => {
    assert.ok(report.connections.control <= 40, String(report.connections.control));
    assert.equal(report.isPartial, false);
  });

  test("its report is as the published schema says", () => {
    assert.deepEqual(departures(JSON.parse(JSON.stringify(report))), []);
  });

  test("what openssl s_client tells of the same handshake is told, too", { skip: needs("openssl") }, async () => {
    const words = ["s_client", "-connect", `127.0.0.1:${server.implicitPort}`, "-CAfile", server.identity.caFile];
    const client = spawn("openssl", [...words, "-showcerts"], { stdio: ["pipe", "pipe", "ignore"], timeout: 20_000 });
    client.stdin.end("QUIT\r\n");
    const stdout = await text(client.stdout);
    const { implicit, explicit, data } = report.handshakes;
    if (implicit === null) return assert.fail("there is no implicit handshake");
    const told = (pattern: RegExp) => pattern.exec(stdout)?.[1];
    assert.equal(implicit.protocol.replace("v", ""), told(/^New, (TLSv[\d.]+)/m)?.replace("v", ""));
    assert.equal(implicit.suite, told(/Cipher is (\S+)/));
    assert.equal(implicit.verification === null ? "0 (ok)" : "", told(/Verify return code: (.*)/));
    assert.equal(implicit.chain[0]?.keyBits, Number(told(/Server public key is (\d+) bit/)));
    const pem = told(/(-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----)/) ?? "";
    const leaf = new X509Certificate(pem);
    assert.equal(implicit.chain[0]?.fingerprint, leaf.fingerprint256.replaceAll(":", "").toLowerCase());
    assert.equal(implicit.chain[0]?.serialNumber, leaf.serialNumber);
    assert.equal(implicit.chain[0]?.validUntil, leaf.validToDate.toISOString());
    assert.deepEqual([explicit?.chain, data?.chain], [implicit.chain, implicit.chain]);
    assert.ok(implicit.bytesRead > 1500 && implicit.bytesWritten > 1500 && implicit.tickets === 2);
  });

  test("every finding but those not tested tells what was seen", () => {
    for (const { id, status, evidence } of report.findings) {
      if (status !== "not-tested") assert.ok(evidence.length > 0, id);
    }
  });

  test("is recognised, and drawn in the width of the terminal", () => {
    assert.equal(report.product?.product, "sallyport");
    const lines = renderReport(report, { width: 80, colour: false });
    assert.match(lines[0] ?? "", /^127\.0\.0\.1 {3}grade A \(TLS A, FTP A\)$/);
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
  });
});

test("R-FXP-01 from an address that may send files from server to server, that is named as the cause", async () => {
  const fxp = { addresses: ["127.0.0.1"] };
  const inspected = async (dataResumption: "adaptive" | "require") => {
    await using server = await startTestServer({ fxp, listener: { dataResumption } });
    const report = await inspect("127.0.0.1", {
      ports: { explicit: server.explicitPort, implicit: "off" },
      ca: server.identity.ca,
      credentials: { user: "alice", password: "secret" },
      only: ["D4"],
    });
    return "kind" in report ? assert.fail(JSON.stringify(report)) : report;
  };
  const adaptive = await inspected("adaptive");
  assert.equal(adaptive.grade.policy, "A-");
  assert.match(textOf(adaptive, "D4"), /from this address need not resume: it may send files .* \(--fxp\)$/m);
  assert.match(adaptive.findings[0]?.fix?.text ?? "", /^take this address off --fxp /);
  assert.equal((await inspected("require")).grade.policy, "A");
});

function textOf({ findings }: InspectReport, id: string): string {
  return findings.flatMap((finding) => (finding.id === id ? [finding.text] : [])).join("\n");
}
