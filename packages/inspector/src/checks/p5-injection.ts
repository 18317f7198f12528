import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

export const injection = check({
  id: "P5",
  name: "injection",
  title: "A command smuggled behind AUTH TLS is not obeyed",
  reference: "S-01, CVE-2011-0411, CVE-2011-1575",
  needs: ["injection"],
  judge({ injection: { auth, clearReply, secured, inside } }) {
    const evidence = [`AUTH TLS and NOOP in one segment: ${answerText(auth)}`];
    const mode = "explicit";
    if (codeOf(auth) !== 234) {
      return { status: "ok", text: "AUTH TLS with something behind it is refused", evidence, mode };
    }
    if (clearReply !== undefined) {
      evidence.push(`in clear: ${answerText(clearReply)}`);
      if (codeOf(clearReply) >= 400) {
        return {
          status: "ok",
          text: "What stands behind AUTH TLS is taken for TLS, and ends the dialogue",
          evidence,
          mode,
        };
      }
      const text = "The command behind AUTH TLS is obeyed and answered in clear, behind the 234";
      return { status: "warn", text, evidence, mode, fix: "injection" };
    }
    if (secured?.kind !== "secured") {
      const how = secured === undefined ? "" : `: ${secured.text}`;
      return {
        status: "ok",
        text: "The server ends the connection",
        evidence: [...evidence, `no handshake${how}`],
        mode,
      };
    }
    const heard = inside.map((answer) => answerText(answer));
    evidence.push(`replies in TLS, to QUIT alone: ${heard.join(" | ")}`);
    if (inside.length > 1 && inside.every((answer) => answer.kind === "reply")) {
      const text = "What stood in clear behind AUTH TLS is obeyed inside TLS: anyone on the way can add commands";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "F" }, fix: "injection" };
    }
    return { status: "ok", text: "What stood behind AUTH TLS is forgotten", evidence, mode };
  },
});
