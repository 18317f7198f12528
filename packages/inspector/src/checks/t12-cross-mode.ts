import { handshakeFacts } from "../probes/handshake-facts.ts";
import { noCertificate, shownLeaves } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";
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

/** What stays of a long list of names as evidence. */
const namesMax = 8;

export const clientCertificate = check({
  id: "T13",
  name: "client-certificate",
  title: "Whether the server asks for a client certificate",
  reference: "RFC 5246 §7.4.4, R-TLS-40",
  needs: ["modes"],
  judge({ modes }) {
    const verdicts = shownLeaves(modes).map(({ mode, secured }): Verdict => {
      const { clientAuthorities: names } = handshakeFacts(secured);
      if (names === undefined) {
        return {
          status: "info",
          text: "No client certificate is asked for",
          evidence: ["CertificateRequest: no"],
          mode,
        };
      }
      const listed = names.slice(0, namesMax).map((name) => `of ${name}`);
      const text =
        names.length === 0
          ? "A client certificate is asked for"
          : "A client certificate of certain authorities is asked for";
      return { status: "info", text, evidence: [`CertificateRequest: yes, ${names.length} names`, ...listed], mode };
    });
    return verdicts.length > 0 ? verdicts : noCertificate;
  },
});
