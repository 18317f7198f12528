import { askedExtensions } from "../hello/build-hello.ts";
import { check } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const compression = check({
  id: "T7",
  name: "compression",
  title: "TLS does not compress",
  reference: "RFC 9325 §3.3, CVE-2012-4929",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { strong } = answers;
    if (strong?.kind !== "hello") return { untested: "no TLS 1.2 to ask in; TLS 1.3 does not compress" };
    const { compressionMethod } = strong.hello;
    const evidence = [`offered DEFLATE and none: compression method ${compressionMethod}`];
    if (compressionMethod === 0) return { status: "ok", text: "DEFLATE is not taken", evidence, mode };
    const cap = { scale: "tls", letter: "C" } as const;
    return { status: "fail", text: "TLS compresses (CRIME)", evidence, mode, cap, fix: "server-update" };
  },
});

export const heartbeat = check({
  id: "T7",
  name: "heartbeat",
  title: "TLS has no heartbeat",
  reference: "RFC 6520, CVE-2014-0160",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { strong } = answers;
    if (strong?.kind !== "hello") return { untested: "no TLS 1.2 to ask in; TLS 1.3 servers seldom have it" };
    const isThere = strong.hello.extensions.some(({ type }) => type === askedExtensions.heartbeat);
    const evidence = [`offered the heartbeat: ${isThere ? "taken" : "passed over"}`];
    if (!isThere) return { status: "ok", text: "The heartbeat is not taken", evidence, mode };
    // Whether the memory behind it can be read is not tried: that would read it.
    const text =
      "The heartbeat is taken, which nobody needs over TCP: a server of before 2014 shows its memory (Heartbleed)";
    return { status: "warn", text, evidence, mode, fix: "server-update" };
  },
});

/** Alerts of a server that took the key change, and then could not read what came under no key at all. */
const keyedAlerts: ReadonlySet<string> = new Set(["bad_record_mac", "decryption_failed", "decrypt_error"]);

export const earlyChange = check({
  id: "T7",
  name: "early-ccs",
  title: "A change of keys before there are any is refused",
  reference: "CVE-2014-0224",
  needs: ["hellos"],
  judge({ hellos: { mode, earlyChange: answer } }) {
    if (answer === undefined) return { untested: "no TLS 1.2 to try it in" };
    const evidence = [`ChangeCipherSpec twice behind a ServerHello: ${outcomeText(answer)}`];
    if (answer.kind === "alert" && keyedAlerts.has(answer.alert)) {
      const text = "A change of keys is taken before there are any: whoever is in between can choose them";
      return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "F" }, fix: "server-update" };
    }
    if (answer.kind === "silent" || isTaken(answer) === true) {
      return { status: "info", text: "A change of keys too early is neither refused nor taken", evidence, mode };
    }
    return { status: "ok", text: "A change of keys too early ends the handshake", evidence, mode };
  },
});
