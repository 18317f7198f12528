import { suiteName } from "@sallyport/protocol";
import type { HelloName, HelloOutcome } from "../probes/hellos.ts";
import { check, type GradeLetter, type Verdict } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

/** Classes of suites that no server should take, with what is wrong and what it costs. */
const poorClasses = [
  {
    hello: "broken",
    text: "Suites without encryption, without authentication, with single DES or for export are taken",
    letter: "F",
  },
  { hello: "shortBlockOrRc4", text: "3DES, IDEA or RC4 is taken (SWEET32, RFC 7465)", letter: "B" },
] as const satisfies readonly { readonly hello: HelloName; readonly text: string; readonly letter: GradeLetter }[];

export const suites = check({
  id: "T2",
  name: "suites",
  title: "Suites up to TLS 1.2, by classes",
  reference: "RFC 9325 §4.1 and §4.2, R-TLS-02",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    // The parts are asked apart only where something of the whole was taken.
    const poor: readonly HelloName[] =
      isTaken(answers.poor) === false ? ["poor"] : poorClasses.map(({ hello }) => hello);
    const verdicts: Verdict[] = poorClasses.flatMap(({ hello, text, letter }): Verdict[] => {
      if (isTaken(answers[hello]) !== true) return [];
      const evidence = [outcomeText(answers[hello])];
      return [{ status: "fail", text, evidence, mode, cap: { scale: "tls", letter }, fix: "tls-suites" }];
    });
    const isStrong = isTaken(answers.strong);
    const chaining = `ECDHE with CBC: ${outcomeText(answers.blockChaining)}`;
    if (isStrong === false && isTaken(answers.tls13) === false) {
      const cap = { scale: "tls", letter: "B" } as const;
      verdicts.push({
        status: "fail",
        text: "No suite with AEAD is taken",
        evidence: [chaining],
        mode,
        cap,
        fix: "tls-suites",
      });
    } else if (isTaken(answers.blockChaining) === true) {
      const text = "CBC suites are taken beside AEAD (Lucky13): no present-day client needs them";
      verdicts.push({ status: "info", text, evidence: [chaining], mode, fix: "tls-suites" });
    }
    const isRefused = poor.every((hello) => isTaken(answers[hello]) === false);
    if (isRefused && verdicts.every(({ status }) => status === "info")) {
      const evidence = poor.map((hello) => `${hello}: ${outcomeText(answers[hello])}`);
      verdicts.push({ status: "ok", text: "No broken suite is taken", evidence, mode });
    }
    return verdicts.length > 0 ? verdicts : { untested: "the hellos were not answered" };
  },
});

export const preference = check({
  id: "T2",
  name: "preference",
  title: "Whose order of suites counts",
  reference: "RFC 9325 §4.2.1",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { strong, chachaFirst, chachaLast } = answers;
    const [usual, first, last] = [strong, chachaFirst, chachaLast].map((answer) => suiteOf(answer));
    if (usual === undefined || first === undefined) return { untested: "no TLS 1.2 with AEAD" };
    const evidence = [`AES-256 first: ${usual}`, `ChaCha20 first: ${first}`];
    if (last !== undefined) evidence.push(`ChaCha20 last: ${last}`);
    return { status: "info", text: orderText({ usual, first, last }), evidence, mode };
  },
});

/** A server of its own order may still let a client have ChaCha20 that puts it first. */
function orderText({
  usual,
  first,
  last,
}: {
  readonly usual: string;
  readonly first: string;
  readonly last: string | undefined;
}) {
  if (first === usual) return "The server's order counts";
  return last === usual
    ? "The server's order counts, but a client that prefers ChaCha20 gets it"
    : "The client's order counts";
}

function suiteOf(answer: HelloOutcome | undefined): string | undefined {
  return answer?.kind === "hello" ? suiteName(answer.hello.cipherSuite) : undefined;
}
