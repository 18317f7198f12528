import { check } from "./check.ts";
import { isTaken, outcomeText, versionOf, wasAsked } from "./outcome.ts";

export const fallback = check({
  id: "T8",
  name: "fallback",
  title: "A forced lower version is noticed",
  reference: "RFC 7507, RFC 8446 §4.1.3",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { fallback: answer, strong, tls13 } = answers;
    if (isTaken(tls13) !== true || versionOf(strong) === undefined || !wasAsked(answer)) {
      return { untested: "there are no two versions to try it with" };
    }
    const sentinel = strong?.kind === "hello" && strong.hello.downgradeSentinel;
    const evidence = [
      `TLS 1.2 with TLS_FALLBACK_SCSV: ${outcomeText(answer)}`,
      `mark of a downgrade in the random: ${sentinel ? "yes" : "no"}`,
    ];
    if (answer?.kind === "alert" && answer.alert === "inappropriate_fallback") {
      return { status: "ok", text: "TLS_FALLBACK_SCSV is refused as it should be", evidence, mode };
    }
    if (sentinel) {
      const text = "TLS_FALLBACK_SCSV is passed over, but the server marks a downgrade as TLS 1.3 asks";
      return { status: "info", text, evidence, mode };
    }
    return {
      status: "warn",
      text: "A client that is made to use TLS 1.2 does not notice",
      evidence,
      mode,
      fix: "server-update",
    };
  },
});
