import type { Answer } from "../probes/control.ts";
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
