import { groupName } from "@sallyport/protocol";
import type { HelloOutcome } from "../probes/hellos.ts";
import { check, type Verdict } from "./check.ts";
import { isTaken, outcomeText, wasAsked } from "./outcome.ts";

export const groups = check({
  id: "T3",
  name: "groups",
  title: "Key-exchange groups",
  reference: "RFC 8422 §5.1.1, R-TLS-04",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const verdicts: Verdict[] = [];
    const { tls13, postQuantum, weakGroups } = answers;
    const evidence = [
      ...(isTaken(tls13) === true ? [`TLS 1.3, of all we name: ${groupText(tls13)}${retryText(tls13)}`] : []),
      `of the post-quantum hybrids: ${isTaken(postQuantum) === true ? groupText(postQuantum) : outcomeText(postQuantum)}`,
      `of curves below 224 bits: ${outcomeText(weakGroups)}`,
    ];
    if (isTaken(weakGroups) === true) {
      const cap = { scale: "tls", letter: "B" } as const;
      const seen = [outcomeText(weakGroups)];
      verdicts.push({
        status: "fail",
        text: "Curves below 224 bits are taken",
        evidence: seen,
        mode,
        cap,
        fix: "tls-suites",
      });
    }
    if (isTaken(postQuantum) === true) {
      const text = `${groupText(postQuantum)}: what is recorded today stays secret from quantum computers`;
      // In order only where weak curves were asked for, too, and refused.
      verdicts.push({ status: isTaken(weakGroups) === undefined ? "info" : "ok", text, evidence, mode });
    } else if (isTaken(postQuantum) === false) {
      const text = "No post-quantum group: what is recorded today may be read one day";
      verdicts.push({ status: "info", text, evidence, mode, fix: "tls-groups" });
    }
    return verdicts.length > 0 ? verdicts : { untested: "the hellos were not answered" };
  },
});

export const largeHello = check({
  id: "T3",
  name: "large-hello",
  title: "A ClientHello of two segments or two records is understood",
  reference: "RFC 8446 §5.1, RFC 7685",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { strong, tolerant, large, twoRecords } = answers;
    if (isTaken(strong) !== true) return { untested: "the same hello in one piece is refused as well" };
    if (isTaken(tolerant) === true) {
      const seen = [`over 1500 octets, in two segments and records of 600 octets: ${outcomeText(tolerant)}`];
      return { status: "ok", text: "Large and cut hellos are understood", evidence: seen, mode };
    }
    if (!wasAsked(large) || !wasAsked(twoRecords))
      return { untested: outcomeText(wasAsked(large) ? twoRecords : large) };
    const evidence = [
      `over 1500 octets: ${outcomeText(large)}`,
      `in records of 100 octets: ${outcomeText(twoRecords)}`,
    ];
    if (isTaken(large) !== true) {
      const text = "A large ClientHello, such as present-day clients send, is not understood";
      return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "B" }, fix: "server-update" };
    }
    if (isTaken(twoRecords) !== true) {
      return { status: "warn", text: "A ClientHello in several records is not understood", evidence, mode };
    }
    return { status: "ok", text: "Large and cut hellos are understood", evidence, mode };
  },
});

function retryText(outcome: HelloOutcome | undefined): string {
  return outcome?.kind === "hello" && outcome.hello.helloRetryRequest ? ", asked for by HelloRetryRequest" : "";
}

function groupText(outcome: HelloOutcome | undefined): string {
  if (outcome?.kind !== "hello") return outcomeText(outcome);
  const group = outcome.hello.group ?? outcome.keyExchange?.group;
  return group === undefined ? "no group" : groupName(group);
}
