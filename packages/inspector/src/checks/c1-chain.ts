import { X509Certificate } from "node:crypto";
import { shown } from "../probes/secured.ts";
import { distinctLeaves, noCertificate, type ShownLeaf } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";

/** Codes of OpenSSL for a chain that has no beginning here; dates and names have checks of their own. */
const datesOrNames: ReadonlySet<string> = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

export const trust = check({
  id: "C1",
  name: "trust",
  title: "An authority vouches for the certificate",
  reference: "RFC 5280 §6, RFC 9325 §3.9",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    return leaves.map(({ mode, secured: { problem, isAnchored }, leaf }): Verdict => {
      const evidence = [`subject ${leaf.subject}`, `issuer ${leaf.issuer}`, `sha256 ${leaf.fingerprint}`];
      if (problem === undefined || (datesOrNames.has(problem) && isAnchored())) {
        return { status: "ok", text: `Signed by ${leaf.issuer}, which is trusted here`, evidence, mode };
      }
      const text = leaf.isSelfIssued
        ? "The certificate signs itself"
        : `Nobody trusted here vouches for it (${problem})`;
      const cap = { scale: "tls", letter: "T" } as const;
      return { status: "fail", text, evidence: [...evidence, problem], mode, cap, fix: "certificate-trust" };
    });
  },
});

export const chainOrder = check({
  id: "C1",
  name: "chain",
  title: "The chain is sent whole and in order",
  reference: "RFC 8446 §4.4.2, RFC 5246 §7.4.2",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    return leaves.length === 0 ? noCertificate : leaves.map((leaf) => chainVerdict(leaf));
  },
});

function chainVerdict({ mode, secured: { seen, problem } }: ShownLeaf): Verdict {
  const { sent } = seen();
  const chain = sent.flatMap((der) => readable(der));
  const evidence = chain.map(({ subject }, at) => `sent ${at} ${subject}`);
  const cap = { scale: "tls", letter: "B" } as const;
  const fix = "certificate-chain";
  if (chain.length < sent.length || chain.length === 0) {
    const told = [`certificates sent: ${sent.length}, readable: ${chain.length}`, ...evidence];
    return { status: "fail", text: "A certificate of the chain cannot be read", evidence: told, mode, cap, fix };
  }
  const broken = chain.findIndex(({ issuer }, at) => chain[at + 1] !== undefined && chain[at + 1]?.subject !== issuer);
  if (broken >= 0) {
    const text = `Certificate ${broken + 1} did not issue certificate ${broken}: the chain is out of order`;
    return { status: "warn", text, evidence, mode, cap, fix };
  }
  const top = chain.at(-1);
  if (top?.isSelfIssued === false && incomplete.has(problem ?? "")) {
    const text = `The chain ends before an authority that is known here: the certificate of ${top.issuer} is not sent`;
    return { status: "warn", text, evidence: [...evidence, problem ?? ""], mode, cap, fix };
  }
  const crossed = chain.find(({ subject }, at) => chain.findIndex((other) => other.subject === subject) < at);
  if (crossed !== undefined) {
    const text = `In order, with two certificates for ${crossed.subject} (cross-signed)`;
    return { status: "info", text, evidence, mode };
  }
  const hasRoot = chain.length > 1 && top?.isSelfIssued === true;
  const text = hasRoot ? "In order, with the authority's own certificate, which nobody needs" : "In order";
  return { status: hasRoot ? "info" : "ok", text, evidence, mode };
}

/** Codes of OpenSSL for a chain whose next certificate is nowhere to be found. */
const incomplete: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

function readable(der: Uint8Array) {
  try {
    return [shown(new X509Certificate(der))];
  } catch {
    return [];
  }
}
