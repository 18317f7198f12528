import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Finding, InspectReport } from "@sallyport/inspector";
import { judge, type Demands } from "../../src/report/demands.ts";

const finding: Finding = {
  ...{ id: "D8", check: "bounce", set: "login", title: "Data goes nowhere else", reference: "RFC 2577 §3" },
  ...{ status: "fail", text: "PORT to another host is taken", mode: null, evidence: ["200"], fix: null },
  cap: { scale: "policy", letter: "C" },
};
const findings: readonly Finding[] = [
  finding,
  { ...finding, id: "P1", status: "ok", cap: null },
  { ...finding, id: "P3", status: "not-tested", text: "nobody logs in", cap: null },
];
const score = { protocol: 100, keyExchange: 100, cipher: 100, total: 100 };

const report: Omit<InspectReport, "judgement"> = {
  ...{ version: 1, host: "h", address: "192.0.2.1", startedAt: "2026-01-01T00:00:00.000Z", tookMs: 1, waitedMs: 0 },
  ...{ ports: { explicit: null, implicit: null }, handshakes: { explicit: null, implicit: null, data: null } },
  grade: {
    ...{ overall: "C", tls: "A", policy: "C", tlsIfTrusted: "A", score },
    reasons: [{ scale: "policy", letter: "C", id: "D8", text: finding.text }],
  },
  ...{ product: null, certificateUntil: "2026-01-31T12:00:00.000Z", only: null, findings, isPartial: false },
  connections: { control: 1, controlMax: 40, data: 0 },
};

const cases: readonly { readonly name: string; readonly demands: Demands; readonly unmet: readonly RegExp[] }[] = [
  { name: "nothing is demanded", demands: {}, unmet: [] },
  { name: "a grade that is there", demands: { minGrade: "C", minTls: "A", minPolicy: "C" }, unmet: [] },
  {
    name: "grades that are not",
    demands: { minGrade: "B", minTls: "A+", minPolicy: "A" },
    unmet: [/^the grade is C, and should be B or better$/, /of TLS is A, and should be A\+/, /of FTP is C/],
  },
  { name: "a check that is in order", demands: { require: ["P1"] }, unmet: [] },
  { name: "a family, of which some could be tested", demands: { require: ["P"] }, unmet: [] },
  {
    name: "a check that could not be tested, and one that was not asked for",
    demands: { require: ["P3", "X1"] },
    unmet: [/^P3 is required, and could not be tested: nobody logs in$/, /^X1 is required, .*: it was not asked for$/],
  },
  { name: "a check with a fault", demands: { require: ["D8"] }, unmet: [/^D8 is required, and is not in order: PORT/] },
  {
    name: "a fault that is borne counts nowhere",
    demands: { accept: ["D"], minGrade: "A", require: ["D8"] },
    unmet: [],
  },
  { name: "days that the certificate holds", demands: { minCertificateDays: 30 }, unmet: [] },
  { name: "more days", demands: { minCertificateDays: 31 }, unmet: [/^the certificate holds for 30 days, .* for 31 /] },
];

describe("a report is held against demands", () => {
  for (const { name, demands, unmet } of cases) {
    test(name, () => {
      const judgement = judge(report, demands);
      assert.equal(judgement.isMet, unmet.length === 0);
      assert.equal(judgement.unmet.length, unmet.length, judgement.unmet.join("\n"));
      unmet.forEach((pattern, index) => assert.match(judgement.unmet[index] ?? "", pattern));
    });
  }

  test("without a certificate there are no days", () => {
    assert.match(
      judge({ ...report, certificateUntil: null }, { minCertificateDays: 1 }).unmet.join(),
      /no certificate/,
    );
  });
});
