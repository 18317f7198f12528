import { versionName } from "@sallyport/protocol";
import { check, type Verdict } from "./check.ts";
import { isTaken, outcomeText, versionOf } from "./outcome.ts";

const oldVersions = [
  { name: "tls11", version: 0x0302, letter: "B" },
  { name: "tls10", version: 0x0301, letter: "B" },
  { name: "ssl3", version: 0x0300, letter: "F" },
] as const;

export const versions = check({
  id: "T1",
  name: "versions",
  title: "Versions of TLS",
  reference: "RFC 8996, RFC 9325 §3.1",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const verdicts: Verdict[] = [];
    const tls13 = isTaken(answers.tls13) === true;
    const older = [answers.strong, answers.blockChaining].find((answer) => versionOf(answer) === 0x0303);
    const tls12 = older !== undefined;
    const now = [`TLS 1.3: ${outcomeText(answers.tls13)}`, `TLS 1.2: ${outcomeText(older ?? answers.strong)}`];
    if (isTaken(answers.tls13) === undefined || (!tls12 && isTaken(answers.strong) === undefined)) {
      verdicts.push({ status: "info", text: "Not every version could be asked for", evidence: now, mode });
    } else if (!tls13) {
      const [letter, text] = tls12
        ? (["B", "TLS 1.3 is missing"] as const)
        : (["C", "Neither TLS 1.3 nor TLS 1.2 is there"] as const);
      const cap = { scale: "tls", letter } as const;
      verdicts.push({ status: tls12 ? "warn" : "fail", text, evidence: now, mode, cap, fix: "tls-versions" });
    } else {
      verdicts.push({ status: "ok", text: tls12 ? "TLS 1.3 and TLS 1.2" : "TLS 1.3 alone", evidence: now, mode });
    }
    for (const { name, version, letter } of oldVersions) {
      const outcome = answers[name];
      if (versionOf(outcome) !== version) continue;
      const text = `${versionName(version)} is taken`;
      const evidence = [`a hello of ${versionName(version)}: ${outcomeText(outcome)}`];
      verdicts.push({ status: "fail", text, evidence, mode, cap: { scale: "tls", letter }, fix: "tls-versions" });
    }
    if (answers.ssl2?.kind === "ssl2") {
      const evidence = [`CLIENT-HELLO of SSL 2.0: ${outcomeText(answers.ssl2)}`];
      const cap = { scale: "tls", letter: "F" } as const;
      verdicts.push({ status: "fail", text: "SSL 2.0 is taken", evidence, mode, cap, fix: "tls-versions" });
    }
    if (isTaken(answers.tolerant) === false && isTaken(answers.futureVersion) === false && (tls12 || tls13)) {
      const evidence = [`a hello that also lists versions to come: ${outcomeText(answers.futureVersion)}`];
      verdicts.push({ status: "warn", text: "Versions that do not exist yet make the server stumble", evidence, mode });
    }
    const isClean = isTaken(answers.tls11) === false && isTaken(answers.ssl2) === false;
    if (isClean) {
      const evidence = [`TLS 1.1: ${outcomeText(answers.tls11)}`, `SSL 2.0: ${outcomeText(answers.ssl2)}`];
      verdicts.push({ status: "ok", text: "Nothing older than TLS 1.2 is taken", evidence, mode });
    }
    return verdicts;
  },
});

export const otherPort = check({
  id: "T1",
  name: "other-port",
  title: "The other port is as strict",
  reference: "RFC 8996, RFC 7301 §3.2",
  needs: ["hellos", "otherHellos"],
  judge({ hellos, otherHellos: { mode, answers } }) {
    const asked = ["tls11", "foreignAlpn"] as const;
    const evidence = asked.map(
      (name) => `${name}: ${hellos.mode} ${outcomeText(hellos.answers[name])}; ${mode} ${outcomeText(answers[name])}`,
    );
    if (isTaken(answers.tls11) === true) {
      const cap = { scale: "tls", letter: "B" } as const;
      const text = `${versionName(versionOf(answers.tls11) ?? 0)} is taken`;
      return { status: "fail", text, evidence, mode, cap, fix: "tls-versions" };
    }
    const differing = asked.filter((name) => isTaken(answers[name]) !== isTaken(hellos.answers[name]));
    if (differing.length === 0) return { status: "ok", text: "Both ports answer alike", evidence, mode };
    return { status: "warn", text: "The two ports do not have the same settings of TLS", evidence, mode };
  },
});
