import type { TlsMode } from "../model/index.ts";
import { advice } from "./advice.ts";
import type { IdentityName } from "./identities.ts";
import { leaving, passwordIn } from "./judging.ts";
import type { Trial, TrialFacts, TrialVerdict } from "./trial.ts";

/** Certificates that must not get the password, and TLS that is too old to keep it. */
export const certificateTrials: readonly Trial[] = [
  certificate("explicit", "wrong-name", "A certificate for another name"),
  certificate("explicit", "expired", "A certificate that has expired"),
  certificate("explicit", "self-signed", "A certificate that signs itself"),
  certificate("explicit", "unknown-authority", "A certificate of an unknown authority"),
  certificate("implicit", "wrong-name", "A certificate for another name"),
  certificate("implicit", "unknown-authority", "A certificate of an unknown authority"),
  {
    ...{ id: "U13", name: "old-tls", title: "A server with nothing better than TLS 1.1", reference: "RFC 8996" },
    script: { mode: "explicit", isOldTls: true },
    judge(facts) {
      const secured = facts.controls.find(({ handshake }) => handshake === "finished");
      if (secured === undefined) return [{ status: "ok", text: "TLS 1.1 is refused", evidence: leaving(facts) }];
      const evidence = [`${secured.protocol ?? ""} ${secured.suite ?? ""}`];
      const cap = { scale: "tls", letter: "C" } as const;
      return [{ status: "fail", text: "TLS 1.1 is taken", evidence, cap, advice: advice.update }];
    },
  },
];

function certificate(mode: TlsMode, identity: IdentityName, what: string): Trial {
  const reference = "S-30, RFC 4217 §15.1, RFC 9525";
  const name = mode === "implicit" ? `${identity}-implicit` : identity;
  const title = mode === "implicit" ? `${what} over implicit TLS` : what;
  const judge = (facts: TrialFacts) => [judgeCertificate(facts, { identity, title })];
  return { id: "U3", name, title, reference, script: { mode, identity }, judge };
}

function judgeCertificate(
  facts: TrialFacts,
  { identity, title }: { readonly identity: IdentityName; readonly title: string },
): TrialVerdict {
  const isTaken = facts.controls.some((control) => passwordIn(control, "tls") || passwordIn(control, "clear"));
  if (!isTaken) return { status: "ok", text: `${title} does not get the password`, evidence: leaving(facts) };
  const evidence = ["PASS was sent inside TLS"];
  // Whoever holds an expired certificate was its owner once; the others can be anybody.
  const cap = { scale: "policy", letter: identity === "expired" ? "D" : "F" } as const;
  return { status: "fail", text: `${title} gets the password`, evidence, cap, advice: advice.checkCertificate };
}
