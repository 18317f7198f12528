import { answerText, codeOf } from "../probes/control.ts";
import { check, type Verdict } from "./check.ts";

export const oddInput = check({
  id: "F5",
  name: "odd-input",
  set: "deep",
  title: "Lines that no client sends do no harm",
  reference: "RFC 2577 §7, S-09, S-14",
  needs: ["oddInput"],
  judge({ oddInput: { mode, longLine, zeroOctet, highOctet, emptySite, bareLineFeed, greetsOn } }) {
    const evidence = [
      `a line of 70,000 octets: ${answerText(longLine)}`,
      `a zero octet: ${answerText(zeroOctet)}`,
      `octets FF FE: ${answerText(highOctet)}`,
      `SITE alone: ${answerText(emptySite)}`,
      `NOOP, a bare line feed, NOOP: ${bareLineFeed.map((answer) => answerText(answer)).join(" | ")}`,
      `another client behind all that: ${greetsOn ? "greeted" : "not greeted"}`,
    ];
    const verdicts: Verdict[] = [];
    const fix = "server-update";
    if (!greetsOn) {
      const text = "Behind lines that no client sends nobody is greeted any more";
      verdicts.push({ status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "C" }, fix });
    }
    if (longLine.kind === "silent") {
      const text = "A line without end is waited for: each takes memory that strangers choose";
      verdicts.push({ status: "warn", text, evidence, mode, fix });
    }
    if (codeOf(longLine) >= 200 && codeOf(longLine) < 400) {
      verdicts.push({ status: "warn", text: "A line of 70,000 octets is obeyed", evidence, mode, fix });
    }
    if (bareLineFeed.filter((answer) => answer.kind === "reply").length > 1) {
      const text = "A bare line feed ends a command: names with one in them become commands";
      verdicts.push({ status: "info", text, evidence, mode });
    }
    return verdicts.length > 0 ? verdicts : { status: "ok", text: "Odd lines are refused", evidence, mode };
  },
});

export const upwards = check({
  id: "F5",
  name: "upwards",
  set: "deep",
  title: "Names with .. lead nowhere outside",
  reference: "RFC 2577 §7, S-19",
  needs: ["oddInput"],
  judge({ oddInput: { mode, upwards: answer } }) {
    if (answer === undefined) return { untested: "nobody logs in: give --user" };
    const evidence = [`SIZE ../…/etc/passwd: ${answerText(answer)}`];
    if (codeOf(answer) === 213) {
      const text = "Files of the whole machine can be asked for by name";
      return { status: "warn", text, evidence, mode, fix: "outside-files" };
    }
    return { status: "ok", text: "Nothing outside is to be had", evidence, mode };
  },
});
