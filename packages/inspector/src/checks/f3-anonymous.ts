import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

export const anonymous = check({
  id: "F3",
  name: "anonymous",
  set: "login",
  title: "Strangers are not let in",
  reference: "RFC 1635, S-26",
  needs: ["anonymous"],
  judge({ anonymous: { mode, login } }) {
    const evidence = [`anonymous, in TLS: ${answerText(login)}`];
    if (codeOf(login) !== 230) return { status: "ok", text: "A login as anonymous is refused", evidence, mode };
    const text = "Anybody may log in as anonymous: see that it is meant so, and that nothing can be written";
    return { status: "warn", text, evidence, mode, fix: "anonymous" };
  },
});
