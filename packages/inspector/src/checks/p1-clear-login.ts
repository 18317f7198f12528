import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

/** Replies to USER after which a client sends its password. */
const wantsPassword: ReadonlySet<number> = new Set([230, 232, 331, 332]);

export const clearLogin = check({
  id: "P1",
  name: "clear-login",
  title: "A login in clear is refused",
  reference: "RFC 4217 §12.1 and §15.1, R-4217-10",
  needs: ["explicit", "clearLogin"],
  judge({ explicit, clearLogin: answer }) {
    const evidence = [`USER sallyport-inspect in clear: ${answerText(answer)}`];
    const mode = "explicit";
    if (answer.kind === "silent" || answer.kind === "not-ftp") return { untested: `USER: ${answerText(answer)}` };
    if (!wantsPassword.has(codeOf(answer))) {
      return { status: "ok", text: "USER before TLS is refused, no password can follow it", evidence, mode };
    }
    if (explicit.secured === undefined) {
      const text = "Passwords go in clear: there is no TLS to protect them";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "F" }, fix: "explicit-tls" };
    }
    const text = "USER is taken before TLS: a client that forgets AUTH, or is made to, sends its password in clear";
    return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "D" }, fix: "login-clear" };
  },
});
