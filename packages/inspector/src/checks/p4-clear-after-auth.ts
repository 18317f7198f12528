import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

export const clearAfterAuth = check({
  id: "P4",
  name: "clear-after-auth",
  title: "After 234 nothing but TLS is taken",
  reference: "RFC 4217 §4.2, R-4217-07",
  needs: ["clearAfterAuth"],
  judge({ clearAfterAuth: { auth, answer } }) {
    const evidence = [`AUTH TLS: ${answerText(auth)}`, `FEAT in clear behind it: ${answerText(answer)}`];
    const mode = "explicit";
    if (codeOf(auth) !== 234) return { untested: "AUTH TLS was refused on this connection" };
    const isReply = answer.kind === "reply";
    if (isReply && answer.code < 400) {
      const text = "The server returns to clear text when the handshake fails, and goes on with the dialogue";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "F" }, fix: "server-update" };
    }
    if (isReply) {
      const text = "A failed handshake is answered in clear, where nothing in clear belongs";
      return { status: "warn", text, evidence, mode };
    }
    return { status: "ok", text: "A command in clear behind 234 gets no answer in clear", evidence, mode };
  },
});
