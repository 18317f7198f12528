import { createHash, X509Certificate } from "node:crypto";
import { escapeControls } from "@sallyport/protocol";
import { answerText } from "../probes/control.ts";
import { isGreeting } from "../probes/names.ts";
import { shownLeaves } from "./certificate.ts";
import { check } from "./check.ts";

export const pinnedInNames = check({
  id: "X1",
  name: "tlsa",
  title: "TLSA records fit the certificate",
  reference: "RFC 6698 §2, RFC 7671",
  needs: ["names", "modes"],
  judge({ names: { tlsa, authorities }, modes }) {
    const records = Object.entries(tlsa).flatMap(([port, list]) => (list ?? []).map((text) => ({ port, text })));
    const evidence = [
      ...records.map(({ port, text }) => `_${port}._tcp TLSA ${text}`),
      ...(authorities ?? []).map((text) => `CAA ${escapeControls(text)}`),
    ];
    if (records.length === 0) {
      const caa = authorities === undefined || authorities.length === 0 ? "no CAA" : "CAA is there";
      const text = `No TLSA for these ports, ${caa}`;
      return { status: "info", text, evidence: evidence.length > 0 ? evidence : ["TLSA: none", "CAA: none"] };
    }
    const ders = shownLeaves(modes).flatMap(({ secured }) => secured.chain.map(({ der }) => der));
    const fits = records.some(({ text }) => ders.some((der) => fitsRecord(text, der)));
    // Node's resolver does not tell whether DNSSEC vouches for the answer.
    const doubt = "; whether DNSSEC vouches for it was not looked at";
    if (fits) return { status: "ok", text: `A TLSA record fits${doubt}`, evidence };
    const cap = { scale: "tls", letter: "B" } as const;
    const text = `No TLSA record fits the certificate: clients that go by them refuse it${doubt}`;
    return { status: "fail", text, evidence, cap, fix: "certificate-tlsa" };
  },
});

/** Usage, selector, matching type and data, of which usage does not matter to the comparison. */
function fitsRecord(text: string, der: Buffer): boolean {
  const [, selector, match, data] = text.split(" ");
  const chosen = selector === "1" ? publicKeyOf(der) : der;
  if (chosen === undefined) return false;
  if (match === "0") return chosen.toString("hex") === data;
  return (
    createHash(match === "2" ? "sha512" : "sha256")
      .update(chosen)
      .digest("hex") === data
  );
}

function publicKeyOf(der: Buffer): Buffer | undefined {
  try {
    return new X509Certificate(der).publicKey.export({ type: "spki", format: "der" });
  } catch {
    return undefined;
  }
}

export const addresses = check({
  id: "X2",
  name: "addresses",
  title: "Every family of addresses leads to the server",
  reference: "RFC 2428, RFC 8305",
  needs: ["names", "address"],
  judge({ names: { ipv4, ipv6, others, reverse }, address }) {
    const evidence = [
      `A ${ipv4.join(" ") || "none"}`,
      `AAAA ${ipv6.join(" ") || "none"}`,
      ...others.map(
        (other) => `${other.address}: ${other.greeting === undefined ? "nothing answers" : answerText(other.greeting)}`,
      ),
      `${address} is called ${reverse.map((name) => escapeControls(name)).join(" ") || "nothing"}`,
    ];
    const silent = others.filter(({ greeting }) => !isGreeting(greeting));
    if (silent.length > 0) {
      const text = `${silent.map((other) => other.address).join(" and ")} does not greet: clients that try it first wait`;
      return { status: "warn", text, evidence, fix: "addresses" };
    }
    const text = ipv6.length === 0 ? "The name leads to IPv4 alone" : "Both families lead to the server";
    return { status: ipv6.length === 0 || ipv4.length === 0 ? "info" : "ok", text, evidence };
  },
});
