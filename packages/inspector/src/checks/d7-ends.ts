import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

export const abort = check({
  id: "D7",
  name: "abort",
  set: "login",
  title: "ABOR ends a transfer over TLS, and the dialogue goes on",
  reference: "RFC 959 §4.1.3, RFC 4217 §10, T-08",
  needs: ["login"],
  judge({ login: { mode, conduct } }) {
    const { abort: aborted } = conduct;
    if (aborted === undefined) return { untested: "the server let nobody in to try" };
    const evidence = [
      `ABOR during LIST, then NOOP: ${aborted.answers.map((answer) => answerText(answer)).join(" | ")}`,
    ];
    if (!aborted.goesOn) {
      const text = "Behind ABOR the dialogue does not go on: a client that breaks a transfer off has to log in again";
      return { status: "warn", text, evidence, mode, fix: "server-update" };
    }
    if (!aborted.isAnswered) {
      const text =
        "The transfer and ABOR have one last reply between them: a client that waits for both waits for ever";
      return { status: "warn", text, evidence, mode, fix: "server-update" };
    }
    return { status: "ok", text: "ABOR is answered, and the dialogue goes on", evidence, mode };
  },
});

export const unclaimedData = check({
  id: "D7",
  name: "unclaimed-data",
  set: "login",
  title: "A listing that nobody took is not called complete",
  reference: "RFC 959 §5.4, R-TLS-20",
  needs: ["login"],
  judge({ login: { mode, conduct } }) {
    const { unclaimed } = conduct;
    if (unclaimed === undefined) return { untested: "the server let nobody in to try" };
    const evidence = [`LIST, the data connection closed before its TLS: ${answerText(unclaimed)}`];
    if (unclaimed.kind !== "reply") {
      const text = "A data connection that ends before its TLS ends the dialogue";
      return { status: "warn", text, evidence, mode, fix: "server-update" };
    }
    if (codeOf(unclaimed) < 300) {
      const text = "A listing that nobody took is called complete: a client may take nothing for an empty folder";
      return { status: "warn", text, evidence, mode, fix: "server-update" };
    }
    return { status: "ok", text: "A listing that nobody took is called failed", evidence, mode };
  },
});
