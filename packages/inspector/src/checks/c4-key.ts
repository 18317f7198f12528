import { hasRocaMark } from "../certificates/roca.ts";
import type { ShownCertificate } from "../probes/secured.ts";
import { distinctLeaves, noCertificate } from "./certificate.ts";
import { check, type GradeLetter, type Verdict } from "./check.ts";

export const certificateKey = check({
  id: "C4",
  name: "key",
  title: "Key and signature are strong",
  reference: "RFC 9325 §4.5, RFC 9155",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    return leaves.map(({ mode, secured: { chain }, leaf }): Verdict => {
      const evidence = chain.map((certificate) => `${certificate.subject}: ${keyText(certificate)}`);
      const flaw = flawOf(leaf);
      if (flaw === undefined) return { status: "ok", text: keyText(leaf), evidence, mode };
      const { text, letter } = flaw;
      return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter }, fix: "certificate-key" };
    });
  },
});

function keyText({ keyType, keyBits, curve, signatureAlgorithm }: ShownCertificate): string {
  const size = curve ?? (keyBits === undefined ? "" : `${keyBits} bits`);
  return `${keyType} ${size}, signed with ${signatureAlgorithm}`.replace(/ ,/, ",");
}

function flawOf(leaf: ShownCertificate): { readonly text: string; readonly letter: GradeLetter } | undefined {
  const { keyType, keyBits, exponent, modulus, signatureAlgorithm } = leaf;
  if (/md[245]/i.test(signatureAlgorithm)) return { text: "Signed with MD5 or older", letter: "F" };
  if (exponent === 1n) return { text: "An RSA key with the exponent 1 hides nothing", letter: "F" };
  if (/sha-?1(?!\d)/i.test(signatureAlgorithm)) return { text: "Signed with SHA-1", letter: "T" };
  if (modulus !== undefined && hasRocaMark(modulus)) {
    return { text: "The key has the mark of those that can be factored (ROCA, CVE-2017-15361)", letter: "F" };
  }
  if (keyBits === undefined) return undefined;
  const isRsa = keyType.startsWith("rsa") || keyType === "dsa";
  if (isRsa && keyBits < 1024) return { text: `A key of ${keyBits} bits can be broken by anybody`, letter: "F" };
  if (isRsa && keyBits < 2048) return { text: `A key of ${keyBits} bits is too short: 2048 is the least`, letter: "B" };
  if (keyType === "ec" && keyBits < 224) return { text: `A curve of ${keyBits} bits is too short`, letter: "B" };
  return undefined;
}
