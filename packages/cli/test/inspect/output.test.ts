import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, InspectReport, InspectResult } from "@sallyport/inspector";
import type { InspectFlags } from "../../src/inspect/flags.ts";
import { outputOf } from "../../src/inspect/output.ts";
import { summaryLines } from "../../src/inspect/summary.ts";

const drawing = { width: 80, colour: false, glyphs: "unicode" } as const;
const flags: InspectFlags = { implicitPort: 990, parallel: 4, timeout: 10, maxTime: 300 };
const target = { host: "ftp.example.test", port: 2121 };

const finding: Finding = {
  ...{ id: "P1", check: "clear-login", set: "default", title: "A login in clear is refused", reference: "RFC 4217" },
  ...{ status: "fail", text: "A login in clear is taken", mode: "explicit", evidence: ["331"], fix: null },
  cap: { scale: "policy", letter: "D" },
};
const port = { port: 2121, state: "tls", text: "220", suite: "S", group: null, alpn: null } as const;
const report: InspectReport = {
  ...{
    version: 1,
    host: target.host,
    address: "192.0.2.1",
    startedAt: "2026-01-01T00:00:00.000Z",
    tookMs: 1000,
    waitedMs: 0,
  },
  ports: { explicit: { ...port, protocol: "TLSv1.2" }, implicit: null },
  handshakes: { explicit: null, implicit: null, data: null },
  grade: { overall: "D", tls: "A", policy: "D", tlsIfTrusted: "A", score: null, reasons: [] },
  ...{ product: null, certificateUntil: null, only: null, findings: [finding, finding], isPartial: false },
  judgement: { isMet: false, unmet: ["the grade is D, and should be B or better"] },
  connections: { control: 30, controlMax: 40, data: 5 },
};
const unknown: InspectResult = { kind: "name-unknown", host: "nowhere.test" };

test("a summary has a line for each server, and keeps its columns in a narrow terminal", () => {
  const name = `a-server-with-a-long-name.${"department.".repeat(6)}example.test`;
  const lines = summaryLines(
    [
      [name, report],
      ["nowhere.test", unknown],
    ],
    { ...drawing, width: 70 },
  );
  assert.equal(lines.length, 5);
  assert.match(lines[0] ?? "", /^Grade {2}TLS {2}FTP {2}Server /);
  assert.match(lines[1] ?? "", /^D {6}A {4}D {4}a-ser\S*…\S*test {2}TLS 1\.2 +off +P1$/);
  assert.match(lines[2] ?? "", /^- {6}- {4}- {4}nowhere\.test +no such name$/);
  assert.equal(lines.at(-1), "2 servers · 0 as demanded · 1 not · 1 not inspected");
  assert.ok(lines.every((line) => line.length <= 70));
});

test("a terminal gets the whole report first, and then what changed alone", async () => {
  const written: string[] = [];
  const complaints: string[] = [];
  const output = outputOf({
    ...{ flags, drawing, isOfSeveral: false },
    write: (lines) => void written.push(...lines),
    complain: (line) => void complaints.push(line),
  });
  output.done(target, report, undefined);
  await output.ended([[target, report]]);
  assert.match(written[0] ?? "", /^ftp\.example\.test \(192\.0\.2\.1\) {3}grade D/);
  assert.ok(written.some((line) => /^ {2}unmet +the grade is D/.test(line)));
  written.length = 0;
  output.done(target, report, report);
  assert.deepEqual(written, []);
  output.done(target, unknown, report);
  await output.ended([[target, unknown]]);
  assert.match(written[0] ?? "", /^\d{4}-\d\d-\d\dT[\d:]+Z {2}ftp\.example\.test:2121$/);
  assert.deepEqual(written.slice(1), [
    "  server",
    "    was  inspected, grade D",
    "    is   No address is known for nowhere.test: check the name",
  ]);
  assert.deepEqual(complaints, []);
});

test("a line of JSON for everything that happens, in its order", () => {
  const lines: string[] = [];
  const write = (some: readonly string[]) => void lines.push(...some);
  const output = outputOf({
    flags: { ...flags, jsonl: true },
    drawing,
    isOfSeveral: false,
    write,
    complain: assert.fail,
  });
  output.begun(target);
  output.found(target, finding);
  output.done(target, unknown, report);
  const events = lines.map((line) => JSON.parse(line) as { readonly event: string; readonly target: string });
  assert.deepEqual(
    events.map(({ event }) => event),
    ["target", "finding", "change", "failure"],
  );
  assert.ok(events.every((event) => event.target === "ftp.example.test:2121"));
});
