import { groupName, suiteName, versionName } from "@sallyport/protocol";
import { suiteClasses } from "../hello/suites.ts";
import { check } from "./check.ts";

const poor: ReadonlySet<number> = new Set([...suiteClasses.broken, ...suiteClasses.rc4, ...suiteClasses.shortBlock]);

export const everySuite = check({
  id: "T2",
  name: "every-suite",
  set: "deep",
  title: "Every suite, by version, in the order in which the server picks them",
  reference: "RFC 9325 §4.2",
  needs: ["enumeration"],
  judge({ enumeration: { mode, suites } }) {
    const versions = suites.filter(({ taken }) => taken.length > 0);
    if (versions.length === 0) return { untested: "no hello was answered" };
    const evidence = versions.map(
      ({ version, taken }) => `${versionName(version)}: ${taken.map((suite) => suiteName(suite)).join(", ")}`,
    );
    const weak = [...new Set(versions.flatMap(({ taken }) => taken.filter((suite) => poor.has(suite))))];
    if (weak.length > 0) {
      const text = `Suites that nobody should take: ${weak.map((suite) => suiteName(suite)).join(", ")}`;
      return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "B" }, fix: "tls-suites" };
    }
    const counted = versions.map(({ version, taken }) => `${taken.length} of ${versionName(version)}`).join(", ");
    return { status: "info", text: `Suites: ${counted}`, evidence, mode };
  },
});

export const everyGroup = check({
  id: "T3",
  name: "every-group",
  set: "deep",
  title: "Every group of TLS 1.3, in the order in which the server picks them",
  reference: "RFC 8446 §4.2.7",
  needs: ["enumeration"],
  judge({ enumeration: { mode, groups } }) {
    if (groups.length === 0) return { untested: "TLS 1.3 is not there" };
    const names = groups.map((group) => groupName(group)).join(", ");
    return { status: "info", text: `Groups: ${names}`, evidence: [`picked in turn: ${names}`], mode };
  },
});
