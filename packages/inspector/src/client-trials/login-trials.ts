import { advice } from "./advice.ts";
import { clearLogin, leaving, sentPasswordInClear } from "./judging.ts";
import type { Trial, TrialFacts, TrialScript, TrialVerdict } from "./trial.ts";

/** Servers, or whoever stands in front of them, that take TLS away, and words put into their mouths before TLS. */
export const loginTrials: readonly Trial[] = [
  stripped("auth-unknown", "AUTH is not known (500)", { mode: "explicit", authReply: "500 AUTH not understood" }),
  stripped("auth-off", "AUTH is taken away (502)", { mode: "explicit", authReply: "502 Command not implemented" }),
  stripped("auth-policy", "AUTH is denied by policy (534)", { mode: "explicit", authReply: "534 Policy forbids TLS" }),
  stripped("auth-closed", "Behind 234 the connection is closed, and AUTH gone on the next", {
    mode: "explicit",
    closesAfterAuth: true,
  }),
  stripped("implicit-clear", "The implicit port speaks in clear", { mode: "implicit", isImplicitClear: true }),
  {
    ...{ id: "U4", name: "injection", title: "A reply in clear behind the 234", reference: "S-02, RFC 4217 §15" },
    script: { mode: "explicit", injected: "230 Welcome", holdsFirstReplyMs: 1500 },
    judge: judgeInjection,
  },
];

function stripped(name: string, title: string, script: TrialScript): Trial {
  const reference = script.mode === "implicit" ? "S-03, draft-murray-auth-ftp-ssl" : "S-03, RFC 4217 §15.1";
  return { id: "U2", name, title, reference, script, judge: (facts) => [judgeStripped(facts, title)] };
}

function judgeStripped(facts: TrialFacts, title: string): TrialVerdict {
  if (sentPasswordInClear(facts)) {
    const cap = { scale: "policy", letter: "F" } as const;
    const text = `${title}: the password goes in clear`;
    return { status: "fail", text, evidence: clearLogin(facts), cap, advice: advice.requireTls };
  }
  const names = clearLogin(facts);
  if (names.length > 0) {
    const cap = { scale: "policy", letter: "D" } as const;
    return {
      status: "warn",
      text: `${title}: the name goes in clear`,
      evidence: names,
      cap,
      advice: advice.requireTls,
    };
  }
  return { status: "ok", text: `${title}: no login follows`, evidence: leaving(facts) };
}

function judgeInjection(facts: TrialFacts, sound: TrialFacts): readonly TrialVerdict[] {
  const inside = facts.controls.filter(({ handshake }) => handshake === "finished");
  if (inside.length === 0) {
    const text = "A reply that is smuggled in before TLS ends the connection";
    return [{ status: "ok", text, evidence: leaving(facts) }];
  }
  // What a client sends at once of itself, it sends to a sound server as well.
  const usual = Math.max(0, ...sound.controls.map(({ earlyCommandsCount }) => earlyCommandsCount));
  const misled = inside.find(({ earlyCommandsCount }) => earlyCommandsCount > usual);
  if (misled === undefined) {
    return [{ status: "ok", text: "A reply that is smuggled in before TLS is forgotten", evidence: leaving(facts) }];
  }
  const said = misled.heard.filter(({ layer }) => layer === "tls").slice(0, misled.earlyCommandsCount);
  const text = "A reply that is smuggled in before TLS is taken for one from inside";
  const evidence = [
    "before TLS: 230 Welcome",
    `inside TLS, without a reply from there: ${said.map((line) => line.text).join(", ")}`,
  ];
  return [{ status: "fail", text, evidence, cap: { scale: "policy", letter: "C" }, advice: advice.update }];
}
