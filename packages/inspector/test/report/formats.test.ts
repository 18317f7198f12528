import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import {
  renderReport,
  reportFormats,
  type Finding,
  type InspectReport,
  type InspectResult,
} from "@sallyport/inspector";
import { needs } from "@sallyport/testing";
import { departures } from "./schema.ts";

/** What a server might say to whoever reads the report. */
const hostile = `=cmd|'/c calc'!A1 <script>alert(1)</script> "quoted" & ]]> | **bold** [x](javascript:y)\n# heading \u0001`;

const fault: Finding = {
  ...{ id: "P1", check: "clear-login", set: "default", title: "A login in clear is refused" },
  ...{ reference: "RFC 4217 §12.1", status: "fail", text: hostile, mode: "explicit", evidence: [hostile] },
  cap: { scale: "policy", letter: "D" },
  fix: { text: "force_local_logins_ssl=YES", products: { ProFTPD: "TLSRequired on" } },
};

const report: InspectReport = {
  version: 1,
  host: "ftp.example.test",
  address: "2001:db8::1",
  startedAt: "2026-01-02T03:04:05.678Z",
  tookMs: 1234,
  waitedMs: 400,
  ports: {
    explicit: {
      port: 21,
      state: "tls",
      text: hostile,
      protocol: "TLSv1.3",
      suite: "TLS_AES_256_GCM_SHA384",
      group: "X25519",
      alpn: null,
    },
    implicit: null,
  },
  handshakes: { explicit: null, implicit: null, data: null },
  product: { product: "vsftpd", name: "vsftpd", version: "3.0.3", evidence: hostile },
  grade: {
    ...{ overall: "D", tls: "A", policy: "D", tlsIfTrusted: "A" },
    score: { protocol: 100, keyExchange: 90, cipher: 90, total: 93 },
    reasons: [{ scale: "policy", letter: "D", id: "P1", text: hostile }],
  },
  certificateUntil: "2026-03-04T05:06:07.000Z",
  only: null,
  findings: [
    fault,
    { ...fault, id: "C2", status: "ok", fix: null, cap: null, text: "The certificate is for this host", mode: null },
    {
      ...fault,
      id: "D4",
      status: "not-tested",
      fix: null,
      cap: null,
      text: "nobody logs in",
      evidence: [],
      mode: null,
    },
  ],
  connections: { control: 28, controlMax: 40, data: 5 },
  isPartial: false,
  judgement: { isMet: false, unmet: [hostile] },
};

describe("what a server said steers none of the forms of a report", () => {
  test("JSON is as the schema says", () => {
    assert.deepEqual(departures(JSON.parse(reportFormats.json([report]))), []);
  });

  test("HTML needs nothing beside it, and says the server's words as text", () => {
    const html = reportFormats.html([report]);
    assert.doesNotMatch(html, /<script|<img|<link|src=|url\(|@import|https?:/);
    assert.match(html, /default-src 'none'/);
    assert.ok(html.includes("&#60;script&#62;alert(1)"));
    assert.match(html, /prefers-color-scheme:dark/);
  });

  test("Markdown has no heading, link or table of the server's", () => {
    const markdown = reportFormats.markdown([report]);
    assert.doesNotMatch(markdown, /^# heading|[^\\]\]\(javascript|<script|[^\\]\*\*bold/m);
  });

  test("CSV quotes every field, and no field is a formula", () => {
    const csv = reportFormats.csv([report]);
    assert.doesNotMatch(csv, /(?:^|,)"?[=+@-]/m);
    assert.equal(csv.split("\r\n").length, 5);
  });

  test("JUnit is well-formed, with a failure and a skipped test", { skip: needs("python3") }, () => {
    const junit = reportFormats.junit([report]);
    const script =
      "import sys,xml.dom.minidom as m;d=m.parseString(sys.stdin.buffer.read());print(len(d.getElementsByTagName('failure')),len(d.getElementsByTagName('skipped')))";
    assert.equal(execFileSync("python3", ["-c", script], { input: junit, encoding: "utf8" }).trim(), "1 1");
  });

  test("SARIF has a result with its level for each finding", () => {
    const document = JSON.parse(reportFormats.sarif([report])) as {
      readonly runs: readonly { readonly results: readonly { readonly level: string; readonly ruleId: string }[] }[];
    };
    assert.deepEqual(
      document.runs[0]?.results.map(({ level, ruleId }) => `${level} ${ruleId}`),
      ["error P1/clear-login", "none C2/clear-login", "none D4/clear-login"],
    );
  });

  test("SARIF gets no link that a server wrote", () => {
    const sarif = reportFormats.sarif([report]);
    assert.match(sarif, /\[x\\\\\]\(javascript:y\)/);
    assert.doesNotMatch(sarif, /[^\\]\]\(/);
  });

  test("Prometheus gets numbers, one a line", () => {
    for (const line of reportFormats.prometheus([report]).trimEnd().split("\n")) {
      assert.match(line, /^# (?:HELP|TYPE) |^[a-z_]+\{[^}]*\} [\d.]+$/);
    }
  });

  test("the terminal gets no control character", () => {
    const lines = renderReport(report, { width: 60, colour: false, verbose: true });
    assert.ok(
      lines.every((line) => !/\p{Cc}/u.test(line) && line.length <= 60),
      lines.join("\n"),
    );
  });
});

describe("reports of several servers, one of which could not be inspected", () => {
  const results: readonly InspectResult[] = [
    report,
    { ...report, host: "other.example.test" },
    { kind: "name-unknown", host: hostile },
  ];

  test("JSON is a list, in which a failure stands where it belongs", () => {
    const told = JSON.parse(reportFormats.json(results)) as readonly object[];
    assert.deepEqual(told.slice(0, 2).flatMap(departures), []);
    assert.deepEqual(told[2], { failure: { kind: "name-unknown", host: hostile } });
  });

  test("JUnit and HTML are well-formed XML but for HTML's own ways", { skip: needs("python3") }, () => {
    const script =
      "import sys,xml.dom.minidom as m;d=m.parseString(sys.stdin.buffer.read());print(len(d.getElementsByTagName('testsuite')),len(d.getElementsByTagName('error')))";
    const counted = execFileSync("python3", ["-c", script], { input: reportFormats.junit(results), encoding: "utf8" });
    assert.equal(counted.trim(), "3 1");
    assert.equal(reportFormats.html(results).match(/<article>/g)?.length, 3);
    assert.equal(reportFormats.html(results).match(/<\/html>/g)?.length, 1);
  });

  test("SARIF has a run for each, and the failure in its invocation", () => {
    const { runs } = JSON.parse(reportFormats.sarif(results)) as { readonly runs: readonly object[] };
    assert.equal(runs.length, 3);
    assert.match(JSON.stringify(runs[2]), /"executionSuccessful":false.*No address is known/);
  });

  test("Prometheus has each metric once, with the samples of all servers behind it", () => {
    const text = reportFormats.prometheus(results);
    const heads = text.match(/^# TYPE \S+/gm) ?? [];
    assert.equal(new Set(heads).size, heads.length);
    assert.equal(text.match(/^sallyport_inspect_up\{.*\} 1$/gm)?.length, 2);
    assert.equal(text.match(/^sallyport_inspect_up\{.*\} 0$/gm)?.length, 1);
    assert.match(text, /^sallyport_inspect_demands_met\{host="other\.example\.test"\} 0$/m);
  });

  test("CSV has one head, and Markdown says what could not be inspected", () => {
    assert.equal(reportFormats.csv(results).match(/^"host",/gm)?.length, 1);
    assert.equal(reportFormats.csv(results).split("\r\n").length, 8);
    assert.match(reportFormats.markdown(results), /not inspected/);
  });
});
