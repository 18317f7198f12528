import { check } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const unknownValues = check({
  id: "T11",
  name: "unknown-values",
  title: "What nobody knows in a ClientHello is passed over",
  reference: "RFC 8701, RFC 8446 §4.2",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { strong, tolerant } = answers;
    // Asked alone only where the hello that has everything was refused.
    const grease = isTaken(tolerant) === true ? tolerant : answers.grease;
    if (isTaken(strong) !== true || isTaken(grease) === undefined) return { untested: "no TLS 1.2 to ask in" };
    const evidence = [`reserved suite, group and extension beside known ones: ${outcomeText(grease)}`];
    if (isTaken(grease) === true) return { status: "ok", text: "Unknown values are passed over", evidence, mode };
    const text = "Values that it does not know make the server stumble: clients of tomorrow cannot connect";
    return { status: "warn", text, evidence, mode, fix: "server-update" };
  },
});
