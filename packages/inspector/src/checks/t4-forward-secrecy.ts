import { check, type Verdict } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const forwardSecrecy = check({
  id: "T4",
  name: "forward-secrecy",
  title: "What is recorded stays secret when the key leaks",
  reference: "RFC 9325 §4.1 and §4.4",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { staticRsa, finiteField, strong, blockChaining, tls13 } = answers;
    const evidence = [`RSA key transport: ${outcomeText(staticRsa)}`, `DHE: ${outcomeText(finiteField)}`];
    const hasForward = [strong, blockChaining, finiteField, tls13].some((answer) => isTaken(answer) === true);
    const fix = "tls-suites";
    if (!hasForward && isTaken(staticRsa) === true) {
      const cap = { scale: "tls", letter: "B" } as const;
      return { status: "fail", text: "No suite has forward secrecy", evidence, mode, cap, fix };
    }
    const verdicts: Verdict[] = [];
    const primeBits = finiteField?.kind === "hello" ? finiteField.keyExchange?.primeBits : undefined;
    if (primeBits !== undefined && primeBits < 2048) {
      const letter = primeBits < 1024 ? "F" : "B";
      const text = `The Diffie-Hellman prime has ${primeBits} bits: 2048 is the least`;
      verdicts.push({ status: "fail", text, evidence, mode, cap: { scale: "tls", letter }, fix });
    }
    if (isTaken(staticRsa) === true) {
      const text = "Suites without forward secrecy are taken: whoever gets the key reads what was recorded with them";
      verdicts.push({ status: "warn", text, evidence, mode, fix });
    }
    if (verdicts.length > 0) return verdicts;
    if (isTaken(staticRsa) === undefined) return { untested: "the hello was not answered" };
    return { status: "ok", text: "Every suite has forward secrecy", evidence, mode };
  },
});
