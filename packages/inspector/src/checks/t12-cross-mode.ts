import { shownLeaves } from "./certificate.ts";
import { check } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const crossMode = check({
  id: "T12",
  name: "cross-mode",
  title: "Nothing in TLS says which of the two modes was meant",
  reference: "S-04, Opossum (CVE-2025-49812)",
  needs: ["hellos", "modes"],
  judge({ hellos, modes }) {
    const leaves = shownLeaves(modes);
    if (leaves.length < 2) return { untested: "only one mode is there" };
    const isOneKey = new Set(leaves.map(({ leaf }) => leaf.fingerprint)).size === 1;
    const isBound = isTaken(hellos.answers.foreignAlpn) === false;
    const evidence = [
      `one certificate for both modes: ${isOneKey ? "yes" : "no"}`,
      `foreign ALPN: ${outcomeText(hellos.answers.foreignAlpn)}`,
    ];
    if (!isOneKey) return { status: "info", text: "The modes have certificates of their own", evidence };
    const text = isBound
      ? "Whoever is on the way can lead a client from one mode to the other, but not to another protocol"
      : "Whoever is on the way can lead a client from one mode to the other unnoticed";
    return { status: "info", text, evidence };
  },
});

export const clientCertificate = check({
  id: "T13",
  name: "client-certificate",
  title: "Whether the server asks for a client certificate",
  reference: "RFC 5246 §7.4.4, R-TLS-40",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const answer = [answers.strong, answers.blockChaining].find((candidate) => candidate?.kind === "hello");
    if (answer?.kind !== "hello") return { untested: "readable up to TLS 1.2 alone, which is not there" };
    const evidence = [`CertificateRequest: ${answer.asksForCertificate ? "yes" : "no"}`];
    const text = answer.asksForCertificate ? "A client certificate is asked for" : "No client certificate is asked for";
    return { status: "info", text, evidence, mode };
  },
});
