import { answerText } from "../probes/control.ts";
import { wrongCommandsMax } from "../probes/odd-input.ts";
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

/** What makes a browser's request, once it is here, of use to an attacker. */
export const webRequest = check({
  id: "T9",
  name: "web-request",
  title: "A browser's request ends the connection, and nothing of it comes back",
  reference: "S-04, S-05, ALPACA (USENIX Security 2021)",
  needs: ["webRequest"],
  judge({ webRequest: { mode, replies, survives, reflects } }) {
    const evidence = [
      `replies to an HTTP request in TLS: ${replies.length}`,
      ...replies.slice(0, repliesShown).map((answer) => answerText(answer)),
      `connection behind it: ${survives ? "goes on" : "closed"}`,
    ];
    if (reflects) {
      const text = "Words of a request come back before a login: a browser that is led here may run them";
      return { status: "warn", text, evidence, mode, fix: "tls-alpn" };
    }
    if (survives) {
      const text = "A browser's request is taken for wrong commands, and the dialogue goes on";
      return { status: "info", text, evidence, mode };
    }
    return { status: "ok", text: "A browser's request ends the connection", evidence, mode };
  },
});

/** What an attacker's page sends in front of the one line that matters. */
export const wrongCommands = check({
  id: "T9",
  name: "wrong-commands",
  set: "deep",
  title: "Wrong commands without end are not put up with",
  reference: "S-04, ALPACA (USENIX Security 2021)",
  needs: ["oddInput"],
  judge({ oddInput: { mode, wrongCommandsCount: count } }) {
    const evidence = [`commands that nobody has, answered on one connection: ${count} of ${wrongCommandsMax}`];
    if (count === 0) return { untested: "no wrong command was answered" };
    const text =
      count < wrongCommandsMax
        ? `After ${count} wrong commands it is over`
        : `${count} wrong commands are put up with: the lines of a browser's request are passed over one by one`;
    return { status: count < wrongCommandsMax ? "ok" : "info", text, evidence, mode };
  },
});

const repliesShown = 3;
