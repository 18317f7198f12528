import type { ModeFacts } from "../probes/dialogues.ts";
import type { TlsMode } from "../model/index.ts";
import { answerText, codeOf } from "../probes/control.ts";
import { check, type Verdict } from "./check.ts";

export const protection = check({
  id: "P2",
  name: "protection",
  title: "PBSZ, PROT and CCC before a login",
  reference: "RFC 4217 §9 and §12.3, RFC 2228 §3",
  needs: ["modes"],
  judge({ modes }) {
    const verdicts = (["explicit", "implicit"] as const).flatMap((mode) => {
      const facts = modes[mode];
      return facts === undefined ? [] : verdictsOf(mode, facts);
    });
    return verdicts.length > 0 ? verdicts : { untested: "no TLS to ask in" };
  },
});

function verdictsOf(mode: TlsMode, { inside }: ModeFacts): readonly Verdict[] {
  if (inside === undefined) return [];
  const { protBeforePbsz, pbsz, protPrivate, protClear, clearControl } = inside;
  const evidence = [
    `PROT P before PBSZ: ${answerText(protBeforePbsz)}`,
    `PBSZ 0: ${answerText(pbsz)}`,
    `PROT P: ${answerText(protPrivate)}`,
    `PROT C: ${answerText(protClear)}`,
    `CCC: ${answerText(clearControl)}`,
  ];
  if (codeOf(clearControl) === 200) {
    const text = "CCC ends the protection of commands, for anybody and before a login";
    return [{ status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "B" }, fix: "clear-control" }];
  }
  if (codeOf(protPrivate) !== 200 && codeOf(protPrivate) !== 530) {
    const cap = { scale: "policy", letter: "C" } as const;
    return [
      {
        status: "fail",
        text: "Data connections cannot be protected: PROT P is refused",
        evidence,
        mode,
        cap,
        fix: "data-clear",
      },
    ];
  }
  const isRefused = codeOf(protClear) >= 500;
  const text = isRefused
    ? "PROT P is taken, PROT C refused, the control connection stays protected"
    : "PROT P is taken; PROT C, too: whether data then goes in clear shows in a login (P3)";
  return [{ status: isRefused ? "ok" : "info", text, evidence, mode }];
}
