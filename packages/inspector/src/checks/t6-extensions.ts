import { check, type Verdict } from "./check.ts";

export const extensions = check({
  id: "T6",
  name: "extensions",
  title: "Secure renegotiation and extended master secret in TLS 1.2",
  reference: "RFC 5746, RFC 7627, R-TLS-03",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { strong } = answers;
    if (strong?.kind !== "hello") return { untested: "no TLS 1.2 to look at" };
    const { renegotiationInfo, extendedMasterSecret, announcesTicket } = strong.hello;
    const evidence = [
      `renegotiation_info: ${renegotiationInfo ? "yes" : "no"}`,
      `extended_master_secret: ${extendedMasterSecret ? "yes" : "no"}`,
      `ticket announced: ${announcesTicket ? "yes" : "no"}`,
    ];
    const verdicts: Verdict[] = [];
    if (!renegotiationInfo) {
      const text = "Renegotiation is not secured (CVE-2009-3555)";
      verdicts.push({
        status: "fail",
        text,
        evidence,
        mode,
        cap: { scale: "tls", letter: "A-" },
        fix: "server-update",
      });
    }
    if (!extendedMasterSecret) {
      const text = "Handshakes of TLS 1.2 are not bound to what was said in them (triple handshake)";
      verdicts.push({ status: "warn", text, evidence, mode, fix: "server-update" });
    }
    return verdicts.length > 0 ? verdicts : { status: "ok", text: "Both are there", evidence, mode };
  },
});

export const compression = check({
  id: "T7",
  name: "compression",
  title: "TLS does not compress",
  reference: "RFC 9325 §3.3, CVE-2012-4929",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { strong } = answers;
    if (strong?.kind !== "hello") return { untested: "no TLS 1.2 to ask in; TLS 1.3 does not compress" };
    const { compressionMethod } = strong.hello;
    const evidence = [`offered DEFLATE and none: compression method ${compressionMethod}`];
    if (compressionMethod === 0) return { status: "ok", text: "DEFLATE is not taken", evidence, mode };
    const cap = { scale: "tls", letter: "C" } as const;
    return { status: "fail", text: "TLS compresses (CRIME)", evidence, mode, cap, fix: "server-update" };
  },
});
