import { askedExtensions } from "../hello/build-hello.ts";
import { handshakeFacts } from "../probes/handshake-facts.ts";
import type { HelloOutcome } from "../probes/hellos.ts";
import { noCertificate, shownLeaves } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

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

export const encryptThenMac = check({
  id: "T6",
  name: "encrypt-then-mac",
  title: "CBC suites authenticate what is encrypted",
  reference: "RFC 7366",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { blockChaining } = answers;
    if (isTaken(blockChaining) === undefined) return { untested: "the hello was not answered" };
    const isThere = answersWith(blockChaining, askedExtensions.encryptThenMac);
    const evidence = [`ECDHE with CBC: ${outcomeText(blockChaining)}`, `encrypt_then_mac: ${isThere ? "yes" : "no"}`];
    if (isTaken(blockChaining) === false) return { status: "ok", text: "No CBC suite is taken", evidence, mode };
    if (isThere) return { status: "ok", text: "CBC suites authenticate what is encrypted", evidence, mode };
    const text = "CBC suites authenticate the text alone, which attacks on the padding live on (Lucky13)";
    return { status: "info", text, evidence, mode, fix: "tls-suites" };
  },
});

/** What RFC 9325 §3.4 lets the keys of tickets live. */
const longTicketSeconds = 7 * 86_400;

export const tickets = check({
  id: "T6",
  name: "tickets",
  title: "Tickets end, and none allows data before the handshake",
  reference: "RFC 8446 §4.6.1 and §8, RFC 9325 §3.4, R-TLS-03",
  needs: ["modes"],
  judge({ modes }) {
    const verdicts = shownLeaves(modes).map(({ mode, secured }): Verdict => {
      const { earlyDataBytes, ticketLifetimeSeconds } = handshakeFacts(secured);
      const evidence = [
        `tickets: ${secured.tickets.length}`,
        `lifetime: ${ticketLifetimeSeconds === undefined ? "not told" : `${ticketLifetimeSeconds} s`}`,
        `early data: ${earlyDataBytes === undefined ? "none" : `${earlyDataBytes} octets`}`,
      ];
      if (earlyDataBytes !== undefined) {
        const text = "Data before the handshake is taken: commands of a recorded connection can be sent again (0-RTT)";
        return { status: "warn", text, evidence, mode, cap: { scale: "tls", letter: "B" }, fix: "early-data" };
      }
      if ((ticketLifetimeSeconds ?? 0) > longTicketSeconds) {
        const text = "Tickets live longer than a week, and so do the keys that open what was said with them";
        return { status: "warn", text, evidence, mode, fix: "server-update" };
      }
      return { status: "ok", text: "No data before the handshake, and tickets end in time", evidence, mode };
    });
    return verdicts.length > 0 ? verdicts : noCertificate;
  },
});

function answersWith(outcome: HelloOutcome | undefined, extension: number): boolean {
  return outcome?.kind === "hello" && outcome.hello.extensions.some(({ type }) => type === extension);
}
