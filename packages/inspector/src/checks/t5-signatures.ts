import { signatureAlgorithmName } from "@sallyport/protocol";
import { handshakeFacts } from "../probes/handshake-facts.ts";
import { check } from "./check.ts";
import { isTaken, outcomeText, wasAsked } from "./outcome.ts";

export const everySignature = check({
  id: "T5",
  name: "every-signature",
  set: "deep",
  title: "Every algorithm that handshakes of TLS 1.2 are signed with, in the order in which the server picks them",
  reference: "RFC 8446 §4.2.3, RFC 9155",
  needs: ["enumeration"],
  judge({ enumeration: { mode, signatures: taken } }) {
    if (taken.length === 0) return { untested: "no handshake of TLS 1.2 is signed" };
    const names = taken.map((algorithm) => signatureAlgorithmName(algorithm)).join(", ");
    return { status: "info", text: `Signed with ${names}`, evidence: [`picked in turn: ${names}`], mode };
  },
});

export const signatures = check({
  id: "T5",
  name: "signatures",
  title: "The handshake is not signed with SHA-1",
  reference: "RFC 9155",
  needs: ["hellos", "modes"],
  judge({ hellos: { mode, answers }, modes }) {
    const { sha1, strong } = answers;
    if (isTaken(strong) !== true || sha1 === undefined || !wasAsked(sha1)) return { untested: "no TLS 1.2 to ask in" };
    const algorithm = sha1.kind === "hello" ? sha1.keyExchange?.signatureAlgorithm : undefined;
    const named = algorithm === undefined ? "" : `, signed with ${signatureAlgorithmName(algorithm)}`;
    const evidence = [`offered SHA-1 alone: ${outcomeText(sha1)}${named}`];
    const { secured } = modes[mode] ?? {};
    const usual = secured?.kind === "secured" ? handshakeFacts(secured).signature : undefined;
    if (usual !== undefined) evidence.push(`offered what is usual today: signed with ${usual.algorithm}`);
    if (algorithm !== undefined && algorithm >>> 8 <= 2) {
      return { status: "warn", text: "A handshake signed with SHA-1 is on offer", evidence, mode, fix: "tls-suites" };
    }
    return { status: "ok", text: "SHA-1 signs no handshake", evidence, mode };
  },
});
