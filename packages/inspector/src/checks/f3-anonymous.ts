import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

export const anonymous = check({
  id: "F3",
  name: "anonymous",
  set: "login",
  title: "Strangers are not let in",
  reference: "RFC 1635, S-26",
  needs: ["anonymous"],
  judge({ anonymous: { mode, login, folder } }) {
    if (login.kind !== "reply") return { untested: `there was no answer to anonymous: ${answerText(login)}` };
    const evidence = [`anonymous, in TLS: ${answerText(login)}`];
    if (codeOf(login) !== 230) return { status: "ok", text: "A login as anonymous is refused", evidence, mode };
    const fix = "anonymous";
    if (folder !== undefined) evidence.push(`MKD as anonymous: ${answerText(folder)}`);
    if (codeOf(folder) === 257) {
      const text = "Anybody may log in as anonymous and write: the server serves what strangers put there";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "C" }, fix };
    }
    const rest =
      folder === undefined ? "see that it is meant so, and that nothing can be written" : "nothing can be written";
    return { status: "warn", text: `Anybody may log in as anonymous: ${rest}`, evidence, mode, fix };
  },
});
