import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

export const tolerance = check({
  id: "M4",
  name: "tolerance",
  title: "AUTH in lower case, commands in one segment, AUTH inside TLS",
  reference: "RFC 959 §5.3, RFC 1123 §4.1.2.13, RFC 4217 §4",
  needs: ["explicit", "hellos"],
  judge({ explicit: { pipelined, inside }, hellos: { mode, mechanisms } }) {
    if (mode !== "explicit") return { untested: "the explicit port has no TLS" };
    const lower = mechanisms["auth tls"];
    const evidence = [
      `auth tls: ${answerText(lower)}`,
      `AUTH TLS with a space behind it: ${answerText(mechanisms["AUTH TLS "])}`,
      `NOOP and SYST in one segment: ${pipelined.map((answer) => answerText(answer)).join(" | ")}`,
      `AUTH TLS inside TLS: ${answerText(inside?.secondAuth)}`,
    ];
    if (codeOf(inside?.secondAuth) === 234) {
      const text = "AUTH is taken a second time inside TLS, and what follows is not TLS inside TLS";
      return { status: "warn", text, evidence, mode };
    }
    if (pipelined.length < 2 || pipelined.some((answer) => answer.kind !== "reply")) {
      return { status: "warn", text: "Of two commands in one segment not both are answered", evidence, mode };
    }
    if (lower !== undefined && codeOf(lower) !== 234) {
      return { status: "warn", text: "A verb in lower case is not understood", evidence, mode };
    }
    return { status: "ok", text: "Commands are read as they should be", evidence, mode };
  },
});

export const lateAuth = check({
  id: "M4",
  name: "late-auth",
  set: "login",
  title: "AUTH by somebody who is logged in inside TLS is refused",
  reference: "RFC 4217 §4, R-4217-13",
  needs: ["login"],
  judge({ login: { mode, secondAuth } }) {
    const evidence = [`AUTH TLS behind the login: ${answerText(secondAuth)}`];
    if (codeOf(secondAuth) === 234) {
      return { status: "warn", text: "AUTH is taken behind a login inside TLS", evidence, mode };
    }
    return { status: "ok", text: "AUTH behind a login is refused", evidence, mode };
  },
});
