import { answerText, type Answer } from "../probes/control.ts";
import { advisoriesFor } from "./advisories.ts";
import { check } from "./check.ts";

/** A product with its version, as banners have it. */
const versioned = /\b[A-Za-z][A-Za-z-]*(?:ftpd?|server|ftpd)\w*[ /-]v?\d+\.\d+[\w.]*|\b(?:version|v)\s?\d+\.\d+[\w.]*/i;

export const leaks = check({
  id: "F2",
  name: "version-leak",
  title: "The version of the server is not told to strangers",
  reference: "S-29",
  needs: ["modes", "explicit"],
  judge({ explicit: { greeting, help, mechanisms }, modes }) {
    const told: readonly (readonly [string, Answer | undefined])[] = [
      ["greeting", greeting],
      ["HELP", help],
      ["AUTH", mechanisms["X-SALLYPORT-INSPECT"]],
      ["SYST", modes.explicit?.inside?.system],
    ];
    const leaking = told.flatMap(([where, answer]) => {
      const line = answer?.kind === "reply" ? answer.lines.find((text) => versioned.test(text)) : undefined;
      return line === undefined ? [] : [`${where}: ${line}`];
    });
    const mode = "explicit";
    if (leaking.length === 0) {
      const [first = ""] = greeting.kind === "reply" ? greeting.lines : [];
      return { status: "ok", text: "No version is told", evidence: [`greeting: ${first}`], mode };
    }
    const text = "The version is told before a login: attackers need not try which flaws fit";
    return {
      status: "warn",
      text,
      evidence: leaking,
      mode,
      cap: { scale: "policy", letter: "B" },
      fix: "version-leak",
    };
  },
});

export const knownFlaws = check({
  id: "F2",
  name: "known-flaws",
  title: "The version that is told has no flaw that everybody knows",
  reference: "CVE-2011-2523, CVE-2010-20103, CVE-2015-3306",
  needs: ["explicit"],
  judge({ explicit: { greeting } }) {
    const lines = greeting.kind === "reply" ? greeting.lines : [];
    const evidence = [`greeting: ${answerText(greeting)}`];
    const mode = "explicit";
    const matching = lines.flatMap((line) => advisoriesFor(line));
    const backdoor = matching.find(({ isBackdoor }) => isBackdoor);
    const named = matching.map(({ product, name, flaw }) => `${name} (${product}): ${flaw}`);
    if (backdoor !== undefined) {
      const text = `${backdoor.name}: of this version ${backdoor.flaw}`;
      const cap = { scale: "policy", letter: "F" } as const;
      return { status: "fail", text, evidence: [...evidence, ...named], mode, cap, fix: "server-update" };
    }
    if (matching.length > 0) {
      const text = `This version had ${matching.map(({ name }) => name).join(", ")}, unless the distribution has mended it`;
      return { status: "warn", text, evidence: [...evidence, ...named], mode, fix: "server-update" };
    }
    return { status: "ok", text: "No known flaw goes with the greeting", evidence, mode };
  },
});
