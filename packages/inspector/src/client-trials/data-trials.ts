import { advice } from "./advice.ts";
import { dataOf, leaving, programText } from "./judging.ts";
import { dataText } from "./sound-trials.ts";
import type { Trial, TrialFacts } from "./trial.ts";

/** Faults of data connections. */
export const dataTrials: readonly Trial[] = [
  {
    ...{ id: "U5", name: "data-certificate", title: "Another certificate on the data connection" },
    ...{ reference: "S-30, RFC 4217 §7", script: { mode: "explicit", dataIdentity: "unknown-authority" } },
    judge: judgeDataCertificate,
  },
  {
    ...{ id: "U6", name: "protection-refused", title: "PROT P is refused" },
    ...{ reference: "S-03, RFC 4217 §9", script: { mode: "explicit", protReply: "534 Policy forbids PROT P" } },
    judge(facts) {
      const clear = dataOf(facts).filter(({ tls }) => tls === "none");
      if (clear.length === 0) {
        return [{ status: "ok", text: "Where PROT P is refused, no data goes", evidence: leaving(facts) }];
      }
      const cap = { scale: "policy", letter: "C" } as const;
      const text = "Where PROT P is refused, data goes in clear";
      return [{ status: "fail", text, evidence: clear.map(dataText), cap, advice: advice.protectData }];
    },
  },
  {
    ...{ id: "U8", name: "truncation", title: "Data that ends in the middle, without close_notify" },
    ...{ reference: "S-11, RFC 8446 §6.1", script: { mode: "explicit", truncatesData: true } },
    judge: judgeTruncation,
  },
  {
    ...{ id: "U9", name: "passive-address", title: "PASV that tells another host" },
    ...{ reference: "S-10, CVE-2020-8284", script: { mode: "explicit", namesForeignAddress: true } },
    judge(facts) {
      const data = dataOf(facts);
      const foreign = data.filter(({ address }) => address === "foreign");
      if (foreign.length > 0) {
        const cap = { scale: "policy", letter: "C" } as const;
        const text = "It connects to whatever host PASV tells";
        return [{ status: "fail", text, evidence: foreign.map(dataText), cap, advice: advice.ignoreAddress }];
      }
      const asked = facts.controls.some(({ heard }) => heard.some(({ text }) => /^PASV/i.test(text)));
      if (!asked) return { untested: "the client did not ask for PASV" };
      const text =
        data.length > 0
          ? "It goes to the server, whatever host PASV tells"
          : "It goes nowhere where PASV tells another host";
      return [{ status: "ok", text, evidence: data.length > 0 ? data.map(dataText) : leaving(facts) }];
    },
  },
];

/**
 * A handshake that is finished proves nothing: with TLS 1.3, or where a client looks at the certificate afterwards, the
 * server's end is done before the client has judged. What the client makes of the content does.
 */
function judgeDataCertificate(facts: TrialFacts): ReturnType<Trial["judge"]> {
  const { program } = facts;
  const data = dataOf(facts);
  const taken = data.filter(({ tls, sentBytes, receivedBytes }) => tls === "finished" && sentBytes + receivedBytes > 0);
  const ended = program === undefined ? [] : [programText(program)];
  if (taken.length === 0 || (program !== undefined && program.exitCode !== 0)) {
    const text = "Another certificate on the data connection is refused";
    return [
      { status: "ok", text, evidence: [...(data.length === 0 ? leaving(facts) : [...data.map(dataText), ...ended])] },
    ];
  }
  if (program === undefined) {
    return { untested: "only the client itself can say whether it took the data: start it with --run" };
  }
  const cap = { scale: "policy", letter: "C" } as const;
  const text = "Data is exchanged with whoever answers, by a certificate of an unknown authority";
  return [{ status: "fail", text, evidence: [...taken.map(dataText), ...ended], cap, advice: advice.checkCertificate }];
}

function judgeTruncation(facts: TrialFacts): ReturnType<Trial["judge"]> {
  const { program } = facts;
  const torn = dataOf(facts).filter(({ tls, sentBytes }) => tls === "finished" && sentBytes > 0);
  if (torn.length === 0) return { untested: "the client fetched nothing over TLS" };
  if (program === undefined)
    return { untested: "only the client itself can say what it made of it: start it with --run" };
  const evidence = [...torn.map(dataText), programText(program)];
  const what = torn.some(({ verb }) => verb === "RETR") ? "file" : "listing";
  if (program.exitCode !== 0) return [{ status: "ok", text: `Half a ${what} is told from a whole one`, evidence }];
  const cap = { scale: "policy", letter: "B" } as const;
  const text = `Half a ${what} is taken for the whole: data that ends without close_notify is no error to it`;
  return [{ status: "fail", text, evidence, cap, advice: advice.update }];
}
