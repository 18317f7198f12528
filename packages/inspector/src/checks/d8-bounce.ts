import { wasTaken } from "../probes/bounce.ts";
import { answerText } from "../probes/control.ts";
import { check } from "./check.ts";

export const bounce = check({
  id: "D8",
  name: "bounce",
  set: "login",
  title: "PORT and EPRT lead to the client alone",
  reference: "RFC 2577 §3, S-06",
  needs: ["login"],
  judge({ login: { mode, bounce: asked } }) {
    const { foreign, extended, low, loopback, isReached } = asked;
    const evidence = [
      `PORT to 192.0.2.1 (RFC 5737), no transfer: ${answerText(foreign)}`,
      `EPRT to 192.0.2.1, no transfer: ${answerText(extended)}`,
      `PORT to our own port 22, no transfer: ${answerText(low)}`,
      ...(loopback === undefined ? [] : [`PORT to the server's own loopback, no transfer: ${answerText(loopback)}`]),
      ...(isReached === undefined ? [] : [`connected to another address of ours: ${isReached ? "yes" : "no"}`]),
    ];
    const fix = "bounce";
    if (isReached === true) {
      const text = "The server connects where PORT sends it: it can be made to attack others (bounce)";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "F" }, fix };
    }
    if (wasTaken(foreign) || wasTaken(extended) || wasTaken(loopback)) {
      const text = "PORT to another host is taken: the server can be sent to attack others (bounce)";
      return { status: "fail", text, evidence, mode, cap: { scale: "policy", letter: "C" }, fix };
    }
    if (wasTaken(low)) return { status: "warn", text: "PORT to a port below 1024 is taken", evidence, mode, fix };
    return { status: "ok", text: "PORT leads to the client alone", evidence, mode };
  },
});
