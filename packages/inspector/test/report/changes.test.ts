import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changesOf, type Finding, type InspectReport } from "@sallyport/inspector";

const finding: Finding = {
  ...{ id: "P1", check: "clear-login", set: "default", title: "A login in clear is refused", reference: "RFC 4217" },
  ...{ status: "ok", text: "refused", mode: "explicit", evidence: ["530"], cap: null, fix: null },
};

const report: InspectReport = {
  ...{ version: 1, host: "h", address: "192.0.2.1", startedAt: "2026-01-01T00:00:00.000Z", tookMs: 1000, waitedMs: 0 },
  ports: {
    explicit: { port: 21, state: "closed", text: "ECONNREFUSED", protocol: null, suite: null, group: null, alpn: null },
    implicit: null,
  },
  handshakes: { explicit: null, implicit: null, data: null },
  grade: { overall: "A", tls: "A", policy: "A", tlsIfTrusted: "A", score: null, reasons: [] },
  ...{ product: null, certificateUntil: null, only: null, findings: [finding], isPartial: false, judgement: null },
  connections: { control: 30, controlMax: 40, data: 5 },
};

describe("what changed between two inspections", () => {
  test("is nothing where times, connections and evidence alone are others", () => {
    const later = {
      ...report,
      startedAt: "2026-01-02T00:00:00.000Z",
      tookMs: 2,
      waitedMs: 0,
      findings: [{ ...finding, evidence: [] }],
    };
    assert.deepEqual(changesOf(report, { ...later, connections: { control: 1, controlMax: 40, data: 0 } }), []);
  });

  test("is a grade, a finding that is another, one that came and one that went", () => {
    const worse: Finding = { ...finding, status: "fail", text: "taken" };
    const grade = { ...report.grade, overall: "D", policy: "D" } as const;
    assert.deepEqual(changesOf(report, { ...report, grade, findings: [worse, { ...finding, id: "P4" }] }), [
      { what: "grade", mode: null, before: "A", after: "D" },
      { what: "grade of FTP", mode: null, before: "A", after: "D" },
      { what: "P1", mode: "explicit", before: "[ok] refused", after: "[fail] taken" },
      { what: "P4", mode: "explicit", before: null, after: "[ok] refused" },
    ]);
    assert.deepEqual(changesOf(report, { ...report, findings: [] }), [
      { what: "P1", mode: "explicit", before: "[ok] refused", after: null },
    ]);
  });

  test("is a server that answers no more, and one that does again", () => {
    const failure = { kind: "unreachable", host: "h", ports: report.ports } as const;
    const said =
      "Nothing answers at h (port 21: ECONNREFUSED): check that the server runs, or name its ports (Sallyport without root: 2121 and 2990)";
    assert.deepEqual(changesOf(report, failure), [
      { what: "server", mode: null, before: "inspected, grade A", after: said },
    ]);
    assert.equal(changesOf(failure, report)[0]?.after, "inspected, grade A");
    assert.deepEqual(changesOf(failure, failure), []);
  });

  test("is a port that is met otherwise", () => {
    const { explicit } = report.ports;
    assert.ok(explicit);
    const open = { ...explicit, state: "clear", text: "500 no" } as const;
    assert.deepEqual(changesOf(report, { ...report, ports: { explicit: open, implicit: null } }), [
      { what: "port", mode: "explicit", before: "nothing answers: ECONNREFUSED", after: "no TLS: 500 no" },
    ]);
  });
});
