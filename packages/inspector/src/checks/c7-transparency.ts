import { timestampsOf } from "../certificates/extensions.ts";
import { askedExtensions } from "../hello/build-hello.ts";
import { day, distinctLeaves, noCertificate } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";

/** What stays of a long list of logs as evidence. */
const logsMax = 6;

export const transparency = check({
  id: "C7",
  name: "transparency",
  title: "Whether the certificate is in public logs",
  reference: "RFC 6962 §3.3",
  needs: ["modes", "hellos"],
  judge({ modes, hellos }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    const { strong } = hellos.answers;
    const isInHandshake =
      strong?.kind === "hello" && strong.hello.extensions.some(({ type }) => type === askedExtensions.timestamps);
    return leaves.map(({ mode, leaf }): Verdict => {
      const timestamps = timestampsOf(leaf.der);
      const inHandshake = `timestamps in the handshake of TLS 1.2: ${isInHandshake ? "yes" : "no"}`;
      if (timestamps === undefined) {
        const text = "The timestamps of public logs in the certificate cannot be read";
        return { status: "warn", text, evidence: [inHandshake], mode, fix: "certificate-renew" };
      }
      const evidence = [
        `timestamps in the certificate: ${timestamps.length}`,
        ...timestamps.slice(0, logsMax).map(({ log, at }) => `log ${log} on ${day(at)}`),
        inHandshake,
      ];
      const logs = new Set(timestamps.map(({ log }) => log)).size;
      const text =
        logs > 0 || isInHandshake
          ? `The certificate is in ${logs > 0 ? `${logs} public logs` : "public logs"}`
          : "The certificate carries no timestamps of public logs: those of authorities of one's own never do";
      return { status: "info", text, evidence, mode };
    });
  },
});
