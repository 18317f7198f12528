import { X509Certificate } from "node:crypto";
import { escapeControls } from "@sallyport/protocol";
import type { HelloOutcome } from "../probes/hellos.ts";
import { check } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const bothKeys = check({
  id: "C9",
  name: "both-keys",
  title: "Whether there is a certificate for each kind of key",
  reference: "R-TLS-05, RFC 8422 §2",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { strong, ecdsaKey, rsaKey } = answers;
    const other = ecdsaKey ?? rsaKey;
    if (isTaken(strong) !== true || isTaken(other) === undefined) return { untested: "no TLS 1.2 to ask in" };
    const kind = ecdsaKey === undefined ? "RSA" : "ECDSA";
    const evidence = [`usual: ${leafText(strong)}`, `for ${kind} alone: ${leafText(other)}`];
    const text = isTaken(other) === true ? "Both RSA and ECDSA have a certificate" : `No certificate for ${kind}`;
    return { status: "info", text, evidence, mode };
  },
});

function leafText(outcome: HelloOutcome | undefined): string {
  const [leaf] = outcome?.kind === "hello" ? outcome.certificates : [];
  if (leaf === undefined) return outcomeText(outcome);
  try {
    const { publicKey, subject, fingerprint256 } = new X509Certificate(leaf);
    const sha256 = fingerprint256.replaceAll(":", "").toLowerCase();
    return `${publicKey.asymmetricKeyType ?? "unknown key"}, ${escapeControls(subject.split("\n").join(", "))}, sha256 ${sha256}`;
  } catch {
    return "a certificate that cannot be read";
  }
}
