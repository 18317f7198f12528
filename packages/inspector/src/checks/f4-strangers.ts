import { answerText, codeOf } from "../probes/control.ts";
import type { TimedAnswer } from "../probes/strangers.ts";
import { check } from "./check.ts";

/** More than the noise of a network between two answers of the same kind. */
const noticeableMs = 100;

export const accountNames = check({
  id: "F4",
  name: "account-names",
  set: "login",
  title: "USER does not tell which accounts there are",
  reference: "RFC 2577 §6, S-12",
  needs: ["namesAsked"],
  judge({ namesAsked: { mode, real, made } }) {
    const evidence = [
      `USER with your name: ${answerText(real.answer)}, ${Math.round(real.tookMs)} ms`,
      `USER with a made-up name: ${answerText(made.answer)}, ${Math.round(made.tookMs)} ms`,
    ];
    if (real.answer.kind !== "reply" || made.answer.kind !== "reply") {
      return { untested: "the server ended the connection before both names were asked" };
    }
    if (codeOf(real.answer) !== codeOf(made.answer) || wording(real) !== wording(made)) {
      const text = "USER is answered otherwise for an account that there is: strangers find out names";
      return { status: "warn", text, evidence, mode, fix: "account-names" };
    }
    if (Math.abs(real.tookMs - made.tookMs) > noticeableMs) {
      const text = "USER takes longer for one name than for the other: strangers find out names by the clock";
      return { status: "warn", text, evidence, mode, fix: "account-names" };
    }
    return { status: "ok", text: "A made-up name is answered like a real one", evidence, mode };
  },
});

export const guesses = check({
  id: "F4",
  name: "guesses",
  set: "deep",
  title: "Whoever tries passwords is slowed down, and thrown out",
  reference: "RFC 2577 §5, S-13",
  needs: ["guesses"],
  judge({ guesses: { mode, tries } }) {
    const evidence = tries.map(
      ({ answer, tookMs }) => `a wrong password: ${answerText(answer)}, ${Math.round(tookMs)} ms`,
    );
    if (tries.length === 0) return { untested: "no password was asked for" };
    const last = tries.at(-1)?.answer;
    const isThrownOut = tries.length < triesExpected || codeOf(last) === 421 || last?.kind === "closed";
    const tookMs = tries.reduce((sum, tried) => sum + tried.tookMs, 0);
    if (last?.kind === "silent") {
      return { status: "ok", text: "Wrong passwords are answered ever more slowly", evidence, mode };
    }
    if (isThrownOut) {
      return { status: "ok", text: `After ${tries.length} wrong passwords it is over`, evidence, mode };
    }
    if (tookMs > slowMs) return { status: "ok", text: "Wrong passwords are answered slowly", evidence, mode };
    const text = "Passwords can be tried as fast as they are sent, without end on one connection";
    return { status: "warn", text, evidence, mode, fix: "guesses" };
  },
});

const triesExpected = 5;
const slowMs = 2000;

/** The words of a reply, whoever it is about. */
function wording({ name, answer }: TimedAnswer): string {
  return answer.kind === "reply" ? answer.lines.join(" ").replaceAll(name, "NAME") : "";
}
