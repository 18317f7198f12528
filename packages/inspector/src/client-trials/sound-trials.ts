import type { ClientHelloFacts } from "../model/index.ts";
import { advice } from "./advice.ts";
import { clearLogin, dataOf, helloOf, sentPasswordInClear } from "./judging.ts";
import type { ControlFacts, DataFacts, Trial, TrialFacts, TrialVerdict } from "./trial.ts";

/** One sound server in each mode; everything here is judged from the same two visits. */
const explicit = { mode: "explicit", holdsFirstReplyMs: 150 } as const;
const implicit = { mode: "implicit" } as const;

export const soundTrials: readonly Trial[] = [
  {
    ...{ id: "U1", name: "login", title: "Login at a sound server, explicit TLS" },
    ...{ reference: "RFC 4217 §4, R-CLI-02", script: explicit },
    judge(facts) {
      const seen = clearLogin(facts);
      if (sentPasswordInClear(facts)) {
        const text = "The password goes in clear though the server has TLS";
        return [
          { status: "fail", text, evidence: seen, cap: { scale: "policy", letter: "F" }, advice: advice.requireTls },
        ];
      }
      if (seen.length > 0) {
        const text = "The name goes in clear before TLS";
        return [
          { status: "warn", text, evidence: seen, cap: { scale: "policy", letter: "D" }, advice: advice.requireTls },
        ];
      }
      return [{ status: "ok", text: "Nothing of the login goes before TLS", evidence: beforeTls(facts) }];
    },
  },
  {
    ...{ id: "U1", name: "login-implicit", title: "Login at a sound server, implicit TLS" },
    ...{ reference: "draft-murray-auth-ftp-ssl", script: implicit },
    judge: () => [{ status: "ok", text: "The first octet is TLS's", evidence: ["ClientHello before anything else"] }],
  },
  {
    ...{ id: "U6", name: "protection", title: "Data connections of a sound server" },
    ...{ reference: "RFC 4217 §9, R-CLI-02", script: explicit },
    judge: (facts) => withData(facts, judgeProtection),
  },
  {
    ...{ id: "U7", name: "resumption", title: "Resumption on data connections" },
    ...{ reference: "RFC 4217 §10.2, RFC 8446 §2.2", script: explicit },
    judge: (facts) =>
      withData(facts, (data) => {
        const secured = data.filter(({ tls }) => tls === "finished");
        if (secured.length === 0)
          return [{ status: "info", text: "No data connection had TLS", evidence: data.map(dataText) }];
        const resumed = secured.filter(({ isResumed }) => isResumed);
        const evidence = secured.map(dataText);
        return resumed.length === secured.length
          ? [
              {
                status: "ok",
                text: "Data connections resume the TLS of their login, as strict servers demand",
                evidence,
              },
            ]
          : [
              {
                status: "warn",
                text: "Data connections do not resume: servers that demand it refuse them (522)",
                evidence,
                advice: advice.update,
              },
            ];
      }),
  },
  {
    ...{ id: "U10", name: "close-notify", title: "How the client ends TLS" },
    ...{ reference: "RFC 8446 §6.1, RFC 4217 §12", script: explicit },
    judge: judgeEndings,
  },
  {
    ...{ id: "U11", name: "versions", title: "Versions and suites that the client offers" },
    ...{ reference: "RFC 9325 §3.1, §4", script: explicit },
    judge(facts) {
      const hello = helloOf(facts);
      return hello === undefined ? { untested: "the ClientHello could not be read" } : judgeOffer(hello);
    },
  },
  {
    ...{ id: "U12", name: "fingerprint", title: "What its ClientHello tells of the client" },
    ...{ reference: "RFC 8446 §4.1.2, RFC 6066 §3, RFC 7301", script: explicit },
    judge(facts) {
      const hello = helloOf(facts);
      if (hello === undefined) return { untested: "the ClientHello could not be read" };
      const hybrid = hello.groups.some((group) => /MLKEM/i.test(group));
      const name = hello.serverName === undefined ? "no server name" : `server name ${hello.serverName}`;
      const alpn = hello.alpn.length === 0 ? "no ALPN" : `ALPN ${hello.alpn.join(" ")}`;
      return [
        {
          status: "info",
          text: `${name}, ${alpn}, ${hello.suites.length} suites, ${hybrid ? "post-quantum groups" : "no post-quantum group"}`,
          evidence: [
            `versions: ${hello.versions.join(", ")}`,
            `groups: ${hello.groups.join(" ") || "none"}`,
            `suites: ${hello.suites.join(" ")}`,
          ],
        },
      ];
    },
  },
];

function beforeTls({ controls }: TrialFacts): readonly string[] {
  const lines = controls.flatMap(({ heard }) => heard.filter(({ layer }) => layer === "clear").map(({ text }) => text));
  return [`in clear: ${lines.join(", ") || "nothing"}`];
}

function withData(
  facts: TrialFacts,
  judge: (data: readonly DataFacts[]) => readonly TrialVerdict[],
): ReturnType<Trial["judge"]> {
  const data = dataOf(facts);
  return data.length === 0 ? { untested: "the client opened no data connection" } : judge(data);
}

function judgeProtection(data: readonly DataFacts[]): readonly TrialVerdict[] {
  const clear = data.filter(({ tls }) => tls === "none");
  if (clear.length > 0) {
    const text = "Data goes in clear: the client does not ask for PROT P";
    const cap = { scale: "policy", letter: "C" } as const;
    return [{ status: "fail", text, evidence: clear.map(dataText), cap, advice: advice.protectData }];
  }
  if (data.every(({ tls }) => tls === "failed")) {
    return [
      {
        status: "warn",
        text: "TLS of the data connection failed",
        evidence: data.map(dataText),
        advice: advice.update,
      },
    ];
  }
  return [{ status: "ok", text: "Data goes inside TLS", evidence: data.map(dataText) }];
}

/** One data connection in a line. */
export function dataText({ verb, tls, isResumed, ending, receivedBytes }: DataFacts): string {
  const layer =
    tls === "none" ? "in clear" : tls === "failed" ? "TLS failed" : isResumed ? "TLS, resumed" : "TLS, full handshake";
  // Where content went to the client the server's end came first, and what follows it says nothing.
  return `${verb ?? "data"}: ${layer}${receivedBytes > 0 ? `, ended by ${endingWords[ending]}` : ""}`;
}

const endingWords: Readonly<Record<ControlFacts["ending"], string>> = {
  open: "not seen",
  "close-notify": "close_notify",
  bare: "FIN without close_notify",
  reset: "RST",
};

function judgeEndings({ controls }: TrialFacts): readonly TrialVerdict[] {
  const secured = controls.filter(({ handshake }) => handshake === "finished");
  const evidence = secured.map(({ ending }) => `control connection: ${endingWords[ending]}`);
  const uploads = dataOf({ controls, program: undefined }).filter(({ verb }) => verb === "STOR" || verb === "APPE");
  const unclean = uploads.filter(({ ending, tls }) => tls === "finished" && ending !== "close-notify");
  if (unclean.length > 0) {
    const text = "Uploads end without close_notify: strict servers discard them, others cannot tell a torn one";
    const cap = { scale: "policy", letter: "B" } as const;
    return [{ status: "fail", text, evidence: unclean.map(dataText), cap, advice: advice.update }];
  }
  if (secured.some(({ ending }) => ending !== "close-notify")) {
    return [{ status: "info", text: "The control connection ends without close_notify", evidence }];
  }
  return [{ status: "ok", text: "TLS ends with close_notify", evidence }];
}

const weakSuite = /NULL|EXPORT|RC4|_DES_|3DES|anon|_MD5$/i;

function judgeOffer({ versions, suites }: ClientHelloFacts): readonly TrialVerdict[] {
  const evidence = [`versions: ${versions.join(", ")}`];
  const weak = suites.filter((suite) => weakSuite.test(suite));
  const verdicts: TrialVerdict[] = [];
  if (!versions.some((version) => version === "TLS 1.3" || version === "TLS 1.2")) {
    const cap = { scale: "tls", letter: "F" } as const;
    verdicts.push({
      status: "fail",
      text: "It knows neither TLS 1.2 nor TLS 1.3",
      evidence,
      cap,
      advice: advice.update,
    });
  } else if (!versions.includes("TLS 1.3")) {
    const cap = { scale: "tls", letter: "B" } as const;
    verdicts.push({ status: "warn", text: "It does not know TLS 1.3", evidence, cap, advice: advice.update });
  }
  if (weak.length > 0) {
    const cap = { scale: "tls", letter: "B" } as const;
    const text = `It offers ${weak.length} suites that are no protection any more`;
    verdicts.push({ status: "warn", text, evidence: [`suites: ${weak.join(" ")}`], cap, advice: advice.update });
  }
  return verdicts.length > 0 ? verdicts : [{ status: "ok", text: "It offers current versions and suites", evidence }];
}
