import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const authMechanisms = check({
  id: "M2",
  name: "auth",
  title: "Explicit TLS is on offer",
  reference: "RFC 4217 §4, §12.1",
  needs: ["explicit"],
  judge({ explicit: { auth, features } }) {
    const evidence = [`AUTH TLS: ${answerText(auth)}`];
    const mode = "explicit";
    if (codeOf(auth) !== 234) {
      const text = "AUTH TLS is refused: this port has no TLS";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "F" }, fix: "explicit-tls" };
    }
    const listed = features.kind === "reply" && features.lines.some((line) => /^\s*AUTH\b.*\bTLS\b/i.test(line));
    if (features.kind === "reply" && features.code === 211 && !listed) {
      const text = "AUTH TLS is taken, but FEAT does not tell: clients that look there log in without TLS";
      return { status: "warn", text, evidence: [...evidence, "FEAT has no line AUTH TLS"], mode };
    }
    return { status: "ok", text: "AUTH TLS is taken", evidence, mode };
  },
});

/** The older names, which ask for the same; SSL is curl's first word. */
export const olderMechanisms = check({
  id: "M2",
  name: "mechanisms",
  title: "Other mechanisms of AUTH",
  reference: "RFC 4217 §17, draft-murray-auth-ftp-ssl-16 §7.1",
  needs: ["explicit", "hellos"],
  judge({ explicit, hellos: { mode, mechanisms, answers } }) {
    if (mode !== "explicit") return { untested: "the explicit port has no TLS" };
    const asked = ["AUTH TLS-C", "AUTH SSL", "AUTH TLS-P", "auth tls"].map((name) => [name, mechanisms[name]] as const);
    const evidence = asked.map(([name, answer]) => `${name}: ${answerText(answer)}`);
    const others = Object.entries(explicit.mechanisms);
    evidence.push(...others.map(([name, answer]) => `AUTH ${name}: ${answerText(answer)}`));
    const bogus = codeOf(explicit.mechanisms["X-SALLYPORT-INSPECT"]);
    if (bogus >= 200 && bogus < 400) {
      return { status: "warn", text: "A mechanism that nobody has is taken", evidence, mode, fix: "server-update" };
    }
    if (codeOf(mechanisms["AUTH SSL"]) === 234 && isTaken(answers.ssl3) === true) {
      const text = "AUTH SSL leads to SSL 3.0, whose encryption is broken";
      const seen = [...evidence, `a hello of SSL 3.0: ${outcomeText(answers.ssl3)}`];
      return { status: "fail", text, evidence: seen, mode, cap: { scale: "policy", letter: "C" }, fix: "tls-versions" };
    }
    const kerberos = others.flatMap(([name, answer]) => (codeOf(answer) === 334 ? [`AUTH ${name}`] : []));
    const taken = [...asked.flatMap(([name, answer]) => (codeOf(answer) === 234 ? [name] : [])), ...kerberos];
    return { status: "info", text: `Taken: ${taken.join(", ")}`, evidence, mode };
  },
});
