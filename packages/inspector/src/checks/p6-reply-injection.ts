import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

/** How clients take it is what `inspect --client` finds out; a server must not do it at all. */
export const replyInjection = check({
  id: "P6",
  name: "reply-injection",
  title: "Nothing in clear follows the reply to AUTH",
  reference: "RFC 4217 §4.2, S-02, NO STARTTLS (USENIX Security 2021)",
  needs: ["clearAfterAuth"],
  judge({ clearAfterAuth: { auth, unasked } }) {
    if (codeOf(auth) !== 234) return { untested: "AUTH TLS was refused on this connection" };
    const evidence = [
      `AUTH TLS: ${answerText(auth)}`,
      `behind it, unasked: ${unasked === undefined ? "nothing" : answerText(unasked)}`,
    ];
    const mode = "explicit";
    if (unasked === undefined) return { status: "ok", text: "Nothing follows the 234 but TLS", evidence, mode };
    const text =
      "A reply in clear follows the 234: careful clients end the connection, others take it for one from inside TLS";
    return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "B" }, fix: "server-update" };
  },
});
