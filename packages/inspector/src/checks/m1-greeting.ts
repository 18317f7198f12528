import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

/** The two doors: one that greets in clear, one that keeps silent until it hears TLS. */
export const explicitGreeting = check({
  id: "M1",
  name: "greeting",
  title: "The explicit port greets in clear",
  reference: "RFC 959 §5.4, RFC 4217 §4.2",
  needs: ["explicit"],
  judge({ explicit }) {
    const evidence = [answerText(explicit.greeting)];
    const { greeting } = explicit;
    if (codeOf(greeting) === 220) return { status: "ok", text: "The explicit port greets", evidence, mode: "explicit" };
    if (greeting.kind === "silent") {
      const text = "The port keeps silent, as one for implicit TLS does";
      return { status: "warn", text, evidence, mode: "explicit", fix: "explicit-tls" };
    }
    return { status: "warn", text: "The greeting is no 220", evidence, mode: "explicit" };
  },
});

export const implicitSilence = check({
  id: "M1",
  name: "silence",
  title: "The implicit port speaks nothing but TLS",
  reference: "draft-murray-auth-ftp-ssl-16 §2.1, R-4217-42",
  needs: ["implicitSilence"],
  judge({ implicitSilence: { unasked, toText } }) {
    const evidence = [`unasked: ${answerText(unasked)}`];
    const mode = "implicit";
    if (unasked.kind === "reply" || unasked.kind === "not-ftp") {
      const text = "The implicit port speaks in clear";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "D" }, fix: "implicit-tls" };
    }
    evidence.push(`to HELP: ${answerText(toText)}`);
    if (toText.kind === "reply" && toText.code >= 400) {
      const text = "The implicit port is silent, but tells in clear that text is no TLS";
      return { status: "info", text, evidence, mode };
    }
    if (toText.kind === "reply") {
      const text = "The implicit port answers commands in clear";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "D" }, fix: "implicit-tls" };
    }
    if (toText.kind === "silent") {
      return { status: "info", text: "The implicit port is silent and does not mind text", evidence, mode };
    }
    return { status: "ok", text: "The implicit port is silent, and text ends the connection", evidence, mode };
  },
});
