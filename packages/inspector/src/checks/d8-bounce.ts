import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";

export const bounce = check({
  id: "D8",
  name: "bounce",
  set: "login",
  title: "PORT to another host is refused",
  reference: "RFC 2577 §3, S-06",
  needs: ["login"],
  judge({ login: { mode, foreignPort, lowPort } }) {
    const evidence = [
      `PORT to 192.0.2.1 (RFC 5737), no transfer: ${answerText(foreignPort)}`,
      `PORT to our own port 22, no transfer: ${answerText(lowPort)}`,
    ];
    // pyftpdlib connects at PORT already, and says 425 where that failed.
    const taken = [foreignPort, lowPort].map((answer) => codeOf(answer) === 200 || codeOf(answer) === 425);
    const cap = { scale: "policy", letter: "C" } as const;
    if (taken[0] === true) {
      const text = "PORT to another host is taken: the server can be sent to attack others (bounce)";
      return { status: "fail", text, evidence, mode, cap, fix: "bounce" };
    }
    if (taken[1] === true) {
      return { status: "warn", text: "PORT to a port below 1024 is taken", evidence, mode, fix: "bounce" };
    }
    return { status: "ok", text: "PORT leads to the client alone", evidence, mode };
  },
});
