import { check, type Verdict } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

/** ALPACA: a certificate that is also a web site's, on a server that does not mind which protocol is meant. */
export const applicationProtocol = check({
  id: "T9",
  name: "alpn",
  title: "TLS for another protocol is refused",
  reference: "RFC 7301 §3.2, S-04",
  needs: ["hellos", "modes"],
  judge({ hellos, modes }) {
    const { mode, answers } = hellos;
    const { foreignAlpn } = answers;
    if (isTaken(answers.strong) !== true || isTaken(foreignAlpn) === undefined)
      return { untested: "no TLS 1.2 to ask in" };
    const secured = modes[mode]?.secured;
    const chosen = secured?.kind === "secured" ? secured.alpn : undefined;
    const evidence = [
      `offered h2 and http/1.1: ${outcomeText(foreignAlpn)}`,
      `offered ftp: ${chosen === undefined ? "no protocol chosen" : `chose ${chosen}`}`,
    ];
    if (isTaken(foreignAlpn) === false) {
      const text = chosen === "ftp" ? "Foreign protocols are refused, ftp is chosen" : "Foreign protocols are refused";
      return { status: "ok", text, evidence, mode };
    }
    const text =
      "TLS for a web server is taken: a browser's request can be led here where certificates are shared (ALPACA)";
    return { status: "warn", text, evidence, mode, fix: "tls-alpn" } satisfies Verdict;
  },
});
