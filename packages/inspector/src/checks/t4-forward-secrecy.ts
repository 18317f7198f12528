import { createHash } from "node:crypto";
import { check, type Verdict } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const forwardSecrecy = check({
  id: "T4",
  name: "forward-secrecy",
  title: "What is recorded stays secret when the key leaks",
  reference: "RFC 9325 §4.1 and §4.4",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { staticRsa, finiteField, strong, blockChaining, tls13 } = answers;
    const evidence = [`RSA key transport: ${outcomeText(staticRsa)}`, `DHE: ${outcomeText(finiteField)}`];
    const hasForward = [strong, blockChaining, finiteField, tls13].some((answer) => isTaken(answer) === true);
    const fix = "tls-suites";
    if (!hasForward && isTaken(staticRsa) === true) {
      const cap = { scale: "tls", letter: "B" } as const;
      return { status: "fail", text: "No suite has forward secrecy", evidence, mode, cap, fix };
    }
    const verdicts: Verdict[] = [];
    const primeBits = finiteField?.kind === "hello" ? finiteField.keyExchange?.primeBits : undefined;
    if (primeBits !== undefined && primeBits < 2048) {
      const letter = primeBits < 1024 ? "F" : "B";
      const text = `The Diffie-Hellman prime has ${primeBits} bits: 2048 is the least`;
      verdicts.push({ status: "fail", text, evidence, mode, cap: { scale: "tls", letter }, fix });
    }
    if (isTaken(staticRsa) === true) {
      const text = "Suites without forward secrecy are taken: whoever gets the key reads what was recorded with them";
      verdicts.push({ status: "warn", text, evidence, mode, fix });
    }
    if (verdicts.length > 0) return verdicts;
    if (isTaken(staticRsa) === undefined || isTaken(finiteField) === undefined) {
      return { untested: "the hellos were not answered" };
    }
    return { status: "ok", text: "Every suite has forward secrecy", evidence, mode };
  },
});

/** Primes that many servers share, by their SHA-256: of what is short, everybody can afford to break one for all (Logjam). */
const sharedPrimes = new Map([
  ["b52ba6a3026520a6c49d37e4587601801bee500123b3259b6bf03e7cecc3e63d", "group 1 of RFC 2409"],
  ["3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0", "group 2 of RFC 2409"],
  ["64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b", "group 5 of RFC 3526"],
]);

function sharedPrime(hex: string | undefined): string | undefined {
  const prime = Buffer.from(hex?.replace(/^(?:00)+/, "") ?? "", "hex");
  return sharedPrimes.get(createHash("sha256").update(prime).digest("hex"));
}

export const ephemeralKeys = check({
  id: "T4",
  name: "ephemeral-keys",
  title: "Each handshake has a key and a prime that cost an attacker something",
  reference: "RFC 9325 §7.5, Logjam (CVE-2015-4000)",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const shares = Object.values(answers).flatMap((answer) => {
      return answer.kind === "hello" && answer.keyExchange !== undefined ? [answer.keyExchange] : [];
    });
    if (shares.length < 2) return { untested: "no two key exchanges of TLS 1.2 were seen" };
    const distinct = new Set(shares.map(({ publicKeyHex }) => publicKeyHex)).size;
    const evidence = [`key exchanges seen: ${shares.length}, different keys: ${distinct}`];
    const verdicts: Verdict[] = [];
    const prime = shares.find(({ primeHex }) => primeHex !== undefined);
    const shared = prime === undefined ? undefined : sharedPrime(prime.primeHex);
    if (prime?.primeBits !== undefined)
      evidence.push(`prime of ${prime.primeBits} bits, ${shared ?? "not a short one that is known"}`);
    if (shared !== undefined && (prime?.primeBits ?? 0) < 2048) {
      const text = `The Diffie-Hellman prime is one that many servers share (${shared}), and short enough to be broken for all`;
      verdicts.push({ status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "B" }, fix: "tls-suites" });
    }
    if (distinct < shares.length) {
      const text = "A key of one handshake is used again in another: who gets it reads both";
      verdicts.push({ status: "warn", text, evidence, mode, fix: "server-update" });
    }
    return verdicts.length > 0 ? verdicts : { status: "ok", text: "No key is used twice", evidence, mode };
  },
});
