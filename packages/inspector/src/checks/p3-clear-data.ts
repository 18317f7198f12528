import { answerText, codeOf } from "../probes/control.ts";
import { isComplete } from "../probes/data.ts";
import { check } from "./check.ts";
import { listingText } from "./listing.ts";

export const clearData = check({
  id: "P3",
  name: "clear-data",
  set: "login",
  title: "Data in clear is refused",
  reference: "RFC 4217 §9, R-4217-23",
  needs: ["login"],
  judge({ login: { mode, protClear, clear } }) {
    const evidence = [`PROT C: ${answerText(protClear)}`];
    if (codeOf(protClear) !== 200) return { status: "ok", text: "PROT C is refused", evidence, mode };
    evidence.push(`LIST behind it: ${listingText(clear)}`);
    if (clear === undefined) return { untested: "the server let nobody in to try" };
    if (!isComplete(clear)) return { status: "ok", text: "Data in clear is refused at the transfer", evidence, mode };
    const text = "Files and listings go in clear where a client asks for it, or forgets PROT P";
    return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "C" }, fix: "data-clear" };
  },
});
