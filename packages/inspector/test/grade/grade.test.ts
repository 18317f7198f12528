import assert from "node:assert/strict";
import { test } from "node:test";
import type { GradeCap } from "../../src/checks/check.ts";
import { gradeOf, isAtLeast } from "../../src/grade/grade.ts";
import { scoreTls } from "../../src/grade/tls-score.ts";
import { parseServerHello } from "@sallyport/protocol";
import type { Facts } from "../../src/probes/gather.ts";
import { missing } from "../../src/probes/gathered.ts";
import type { Finding } from "../../src/report/finding.ts";

const none = missing("not looked for");
const nothing: Facts = {
  ...{ address: none, explicit: none, implicit: none, modes: none, clearLogin: none, injection: none },
  ...{
    clearAfterAuth: none,
    implicitSilence: none,
    hellos: none,
    otherHellos: none,
    webRequest: none,
  },
  ...{ enumeration: none, names: none, anonymous: none, login: none, implicitDefault: none },
  ...{ olderResumption: none, namesAsked: none, guesses: none, oddInput: none, writing: none },
};

/** The suites that a server picked, each in a ServerHello of its own. */
function picked(...suites: readonly (readonly [version: number, suite: number])[]): Facts {
  const answers = suites.map(([version, suite], at) => {
    const message = new Uint8Array(42);
    message.set([2, 0, 0, 38, version >> 8, version & 255]);
    message.set([suite >> 8, suite & 255, 0], 39);
    const hello = parseServerHello(message);
    if (typeof hello === "string") return assert.fail(hello);
    const flight = {
      kind: "hello",
      hello,
      certificates: [],
      keyExchange: undefined,
      asksForCertificate: false,
    } as const;
    return [["strong", "blockChaining", "staticRsa"][at] ?? "tls11", flight] as const;
  });
  const hellos = {
    mode: "explicit",
    port: 21,
    mechanisms: {},
    earlyChange: undefined,
    answers: Object.fromEntries(answers),
  } as const;
  return { ...nothing, hellos: { kind: "known", value: hellos } };
}

test("points are those of the SSL Server Rating Guide", () => {
  const best = scoreTls(picked([0x0303, 0xc030]));
  assert.deepEqual(best, { protocol: 100, keyExchange: 100, cipher: 100, total: 100 });
  const mixed = scoreTls(picked([0x0303, 0xc030], [0x0303, 0xc02f]));
  assert.deepEqual(mixed, { protocol: 100, keyExchange: 100, cipher: 90, total: 96 });
  const old = scoreTls(picked([0x0303, 0xc030], [0x0301, 0x000a]));
  assert.deepEqual(old, { protocol: 95, keyExchange: 100, cipher: 60, total: 83 });
  assert.equal(scoreTls(picked([0x0303, 0xc010], [0x0303, 0x0001]))?.total, 0);
  assert.equal(scoreTls(nothing), undefined);
});

test("the worst cap of each scale counts, and the lower scale is the whole", () => {
  const facts = picked([0x0303, 0xc030]);
  const grade = gradeOf(
    [
      finding("P1", { scale: "policy", letter: "D" }),
      finding("D5", { scale: "policy", letter: "B" }),
      finding("T1", { scale: "tls", letter: "B" }),
    ],
    facts,
  );
  assert.deepEqual([grade.overall, grade.tls, grade.policy], ["D", "B", "D"]);
  assert.deepEqual(
    grade.reasons.map(({ id }) => id),
    ["P1", "D5", "T1"],
  );
});

test("a certificate that nobody vouches for takes the letter, and leaves what it would be", () => {
  const grade = gradeOf([finding("C1", { scale: "tls", letter: "T" })], picked([0x0303, 0xc030]));
  assert.deepEqual([grade.overall, grade.tls, grade.tlsIfTrusted, grade.policy], ["T", "T", "A", "A"]);
});

test("without TLS there is no letter but F", () => {
  assert.deepEqual(gradeOf([], nothing).tls, "F");
});

test("A+ takes every good thing, and one that is missing takes it away", () => {
  const good: readonly (readonly [string, string])[] = [
    ...([
      ["P1", "clear-login"],
      ["P3", "clear-data"],
      ["D4", "resumption"],
      ["D5", "resumption-binding"],
    ] as const),
    ...([
      ["T3", "groups"],
      ["T9", "alpn"],
      ["X1", "tlsa"],
    ] as const),
  ];
  const findings = good.map(([id, check]): Finding => ({ ...finding(id), check, status: "ok" }));
  const facts = picked([0x0303, 0xc030]);
  assert.equal(gradeOf(findings, facts).overall, "A+");
  for (const [at] of findings.entries()) assert.equal(gradeOf(findings.toSpliced(at, 1), facts).overall, "A");
});

test("letters have an order, T the worst", () => {
  assert.ok(isAtLeast("A+", "A") && isAtLeast("B", "B") && !isAtLeast("C", "B") && !isAtLeast("T", "F"));
});

function finding(id: string, cap: GradeCap | null = null): Finding {
  return {
    ...{ id, check: "made-up", set: "default", title: "made up", reference: "none", status: "fail", text: "made up" },
    ...{ mode: null, evidence: ["made up"], cap, fix: null },
  };
}
