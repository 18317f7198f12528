import assert from "node:assert/strict";
import { test } from "node:test";
import {
  adviceFor,
  conclude,
  problemWords,
  roundTripsUntilUser,
  summarise,
  verificationWords,
  type ExplainEvent,
  type Problem,
  type TlsMode,
  type VerificationEvent,
} from "@sallyport/inspector/model";

const ports = { explicit: 21, implicit: 990 };

test("round trips: greeting, AUTH and one handshake flight make four, implicit TLS three", () => {
  const explicit = dialogue("explicit", "connecting connected <220 >AUTH <234 >hello <hello >finished secured");
  assert.equal(roundTripsUntilUser(explicit, "explicit"), 4);
  const implicit = dialogue("implicit", "connecting connected >hello <hello >finished secured <record {220}");
  assert.equal(roundTripsUntilUser(implicit, "implicit"), 3);
});

test("round trips: a greeting that rides on the server's handshake flight saves one", () => {
  const riding = dialogue("implicit", "connecting connected >hello <hello <record >finished secured {220}");
  assert.equal(roundTripsUntilUser(riding, "implicit"), 2);
});

test("round trips: TLS 1.2 and a HelloRetryRequest cost one more each", () => {
  const tls12 = dialogue("explicit", "connecting connected <220 >AUTH <234 >hello <hello >finished <finished secured");
  assert.equal(roundTripsUntilUser(tls12, "explicit"), 5);
  const retried = dialogue(
    "implicit",
    "connecting connected >hello <hello >hello <hello >finished secured <record {220}",
  );
  assert.equal(roundTripsUntilUser(retried, "implicit"), 4);
});

test("round trips: never, where USER can never go unread", () => {
  assert.equal(
    roundTripsUntilUser(dialogue("explicit", "connecting connected <220 >AUTH <502"), "explicit"),
    undefined,
  );
  assert.equal(roundTripsUntilUser(dialogue("implicit", "connecting connected >hello secured"), "implicit"), undefined);
  assert.equal(roundTripsUntilUser([], "explicit"), undefined);
});

test("of two attempts the second counts", () => {
  const events = dialogue("explicit", "connecting connected <220 >AUTH connecting connected <220");
  assert.equal(summarise(events, "explicit").clearFtpOctets, 10);
});

test("every problem is told in plain sentences with something to do", () => {
  for (const problem of everyProblem) {
    for (const mode of ["explicit", "implicit"] as const) {
      const { sentence, advice } = problemWords(problem, { host: "ftp.example.test", mode, port: ports[mode] });
      assert.match(sentence, /^[A-Z].{10,}/, problem.id);
      assert.match(advice, /^[A-Z].+[.]$/, problem.id);
      assert.doesNotMatch(`${sentence}${advice}`, /undefined|\bError\b| at .*:\d+/, problem.id);
    }
  }
});

test("each refusal of AUTH has its own reason", () => {
  const reasons = [500, 502, 504, 530, 534, 431].map((code) => {
    const words = problemWords({ id: "auth-refused", code, line: "text" }, { host: "h", mode: "explicit", port: 21 });
    return words.sentence;
  });
  assert.equal(new Set(reasons).size, reasons.length);
});

test("the advice warns of a login in clear before anything else", () => {
  const refusal: ExplainEvent = { ...blank("explicit"), layer: "ftp", kind: "problem", problem: refused(500) };
  const events = [
    ...dialogue("explicit", "connecting connected <220 >AUTH <500"),
    refusal,
    ...dialogue("implicit", "connecting connected >hello <hello >finished secured"),
    verification("implicit", "SELF_SIGNED_CERT_IN_CHAIN"),
  ];
  const { advice, verdict } = conclude(events, { host: "ftp.example.test", ports });
  assert.match(advice, /^Do not log in on this port/);
  assert.equal(verdict, "flawed");
});

test("verdicts: sound with one mode, flawed without a verified certificate, unreachable without an answer", () => {
  const target = { host: "ftp.example.test", ports };
  const secured = dialogue("explicit", "connecting connected <220 >AUTH <234 >hello <hello >finished secured");
  const absent: ExplainEvent = { ...blank("implicit"), layer: "tcp", kind: "problem", problem: { id: "refused" } };
  assert.equal(conclude([...secured, absent], target).verdict, "sound");
  assert.equal(conclude([...secured, verification("explicit", "CERT_HAS_EXPIRED")], target).verdict, "flawed");
  assert.equal(conclude([absent], target).verdict, "unreachable");
  assert.match(conclude([...secured, absent], target).advice, /^Only explicit TLS is on offer/);
  assert.match(adviceFor([], ports, "ftp.example.test"), /^Nothing answers at ftp\.example\.test/);
});

test("an unknown reason of a failed check is told as it is", () => {
  const event = verification("explicit", "SOME_NEW_CODE");
  assert.equal(verificationWords(event, "h").sentence, "not verified: SOME_NEW_CODE");
});

const everyProblem: readonly Problem[] = [
  { id: "name-unknown" },
  { id: "refused" },
  { id: "unreachable", code: "EHOSTUNREACH" },
  ...(["connection", "greeting", "auth-reply", "handshake", "greeting-in-tls"] as const).map(
    (awaited) => ({ id: "silent", awaited, timeoutMs: 10_000 }) as const,
  ),
  ...(["greeting", "auth-reply", "handshake", "greeting-in-tls"] as const).map(
    (awaited) => ({ id: "closed", awaited }) as const,
  ),
  { id: "greeting-refused", code: 421, line: "421 busy", inTls: true },
  { id: "too-much", octets: 1_048_576 },
  { id: "not-ftp", line: "SSH-2.0-x" },
  ...[421, 431, 500, 502, 503, 504, 530, 534, 599].map(refused),
  { id: "clear-after-auth", line: "230 in" },
  { id: "clear-on-implicit", line: "220 hi" },
  { id: "handshake-refused", line: "421 no certificate" },
  { id: "handshake-alert", alert: "protocol_version" },
  { id: "handshake-alert", alert: "bad_record_mac" },
  { id: "handshake-failed", reason: "dh key too small" },
];

function refused(code: number): Extract<Problem, { id: "auth-refused" }> {
  return { id: "auth-refused", code, line: `${code} no` };
}

function blank(mode: TlsMode) {
  const place = { atMs: 0, connection: "control", direction: "to-client", offset: 0, length: 0, clear: true } as const;
  return { ...place, mode, tree: [] };
}

function verification(mode: TlsMode, reason: string): VerificationEvent {
  const who = { subject: "CN=a", issuer: "CN=b", validTo: "" };
  return { ...blank(mode), layer: "handshake", kind: "verification", verdict: "failed", reason, ...who };
}

/** Events of a dialogue in shorthand: `>` to the server, `<` to the client, `{…}` a reply inside TLS. */
function dialogue(mode: TlsMode, shorthand: string): ExplainEvent[] {
  return shorthand.split(" ").map((word) => step(mode, word));
}

function step(mode: TlsMode, word: string): ExplainEvent {
  const base = blank(mode);
  const direction = word.startsWith(">") ? "to-server" : "to-client";
  const wire = { ...base, direction, length: 10 } as const;
  const name = word.replace(/^[<>]/, "");
  if (name === "connecting" || name === "connected") return { ...base, layer: "tcp", kind: name, text: "" };
  if (name === "secured") {
    return { ...base, layer: "handshake", kind: "secured", protocol: "TLS 1.3", suite: "", alpn: undefined };
  }
  if (name === "{220}") {
    return { ...wire, layer: "ftp", kind: "reply", clear: false, line: "220 hi", code: 220, last: true };
  }
  if (/^\d/.test(name)) return { ...wire, layer: "ftp", kind: "reply", line: name, code: Number(name), last: true };
  if (name === "AUTH") return { ...wire, layer: "ftp", kind: "command", line: "AUTH TLS" };
  if (name === "hello") return { ...wire, layer: "handshake", kind: "messages", messages: [], unfinished: false };
  const sealed = { recordType: "application_data", contentLength: 5, clear: false };
  return { ...wire, layer: "application", kind: "encrypted", ...sealed };
}
