import { answerText, type Answer } from "../probes/control.ts";
import { check } from "./check.ts";

/** Features that present-day clients rely on, as FEAT names them. */
const expected = ["UTF8", "MLST", "SIZE", "MDTM", "REST STREAM", "EPSV", "PBSZ", "PROT"] as const;

export const features = check({
  id: "F1",
  name: "features",
  title: "FEAT tells what clients rely on",
  reference: "RFC 2389 §3, RFC 3659, RFC 2640",
  needs: ["modes"],
  judge({ modes }) {
    const mode = modes.explicit?.inside === undefined ? "implicit" : "explicit";
    const inside = modes[mode]?.inside;
    if (inside === undefined) return { untested: "no TLS to ask in" };
    const listed = listedFeatures(inside.features);
    if (listed === undefined) return { untested: "FEAT is not answered before a login" };
    const missing = expected.filter((name) => !listed.some((feature) => feature.startsWith(name)));
    const evidence = [`FEAT: ${listed.join(", ").slice(0, shownCharacters)}`];
    if (missing.length === 0) return { status: "ok", text: "All that clients look for is listed", evidence, mode };
    return { status: "info", text: `Not listed: ${missing.join(", ")}`, evidence, mode };
  },
});

export const featuresAtWork = check({
  id: "F1",
  name: "features-at-work",
  set: "login",
  title: "What FEAT lists is there",
  reference: "RFC 2389 §3.2",
  needs: ["login"],
  judge({ login: { mode, conduct } }) {
    const { features: claimed } = conduct;
    if (claimed.length === 0) return { untested: "FEAT lists nothing that could be tried" };
    const evidence = claimed.map(({ name, command, answer }) => `${name}: ${command}: ${answerText(answer)}`);
    const missing = claimed.filter(({ works }) => !works).map(({ name }) => name);
    if (missing.length > 0) {
      const text = `Listed, but not there: ${missing.join(", ")}`;
      return { status: "warn", text, evidence, mode, fix: "server-update" };
    }
    return { status: "ok", text: "Every feature that is listed is there", evidence, mode };
  },
});

const shownCharacters = 300;

/** Names of features, upper case; undefined where FEAT was refused. */
export function listedFeatures(answer: Answer): readonly string[] | undefined {
  if (answer.kind !== "reply" || answer.code !== 211) return undefined;
  return answer.lines.slice(1, -1).map((line) => line.trim().toUpperCase());
}
