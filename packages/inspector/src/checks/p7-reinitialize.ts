import { answerText, codeOf } from "../probes/control.ts";
import { check, type Verdict } from "./check.ts";

export const reinitialize = check({
  id: "P7",
  name: "reinitialize",
  title: "REIN inside TLS",
  reference: "RFC 4217 §11, RFC 959 §4.1.1",
  needs: ["modes"],
  judge({ modes }) {
    const verdicts = (["explicit", "implicit"] as const).flatMap((mode): Verdict[] => {
      const inside = modes[mode]?.inside;
      if (inside === undefined || inside.reinitialize.kind === "closed") return [];
      const evidence = [`REIN: ${answerText(inside.reinitialize)}`];
      const isTaken = codeOf(inside.reinitialize) === 220;
      const text = isTaken ? "REIN starts over, by RFC 4217 in clear" : "REIN is not taken: TLS stays";
      return [{ status: isTaken ? "info" : "ok", text, evidence, mode }];
    });
    return verdicts.length > 0 ? verdicts : { untested: "the connection ended before REIN could be asked" };
  },
});
