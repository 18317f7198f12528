import { signatureAlgorithmName } from "@sallyport/protocol";
import { check } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const signatures = check({
  id: "T5",
  name: "signatures",
  title: "The handshake is not signed with SHA-1",
  reference: "RFC 9155",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { sha1, strong } = answers;
    if (isTaken(strong) !== true || sha1 === undefined) return { untested: "no TLS 1.2 to ask in" };
    const algorithm = sha1.kind === "hello" ? sha1.keyExchange?.signatureAlgorithm : undefined;
    const named = algorithm === undefined ? "" : `, signed with ${signatureAlgorithmName(algorithm)}`;
    const evidence = [`offered SHA-1 alone: ${outcomeText(sha1)}${named}`];
    if (algorithm !== undefined && algorithm >>> 8 <= 2) {
      return { status: "warn", text: "A handshake signed with SHA-1 is on offer", evidence, mode, fix: "tls-suites" };
    }
    return { status: "ok", text: "SHA-1 signs no handshake", evidence, mode };
  },
});
