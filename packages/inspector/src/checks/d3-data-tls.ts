import { check, type Verdict } from "./check.ts";
import { listingText } from "./listing.ts";

export const dataTls = check({
  id: "D3",
  name: "data-tls",
  set: "login",
  title: "The data connection has the control connection's certificate and strength",
  reference: "RFC 4217 §10.2 and §15.2, S-30",
  needs: ["login"],
  judge({ login: { mode, control, fresh, resumed } }) {
    const data = fresh?.secured ?? resumed?.secured;
    if (data === undefined) return { untested: "no data connection over TLS was made" };
    const [leaf] = data.chain;
    const [ours] = control.chain;
    const evidence = [
      `control: ${control.protocol} ${control.suite} ${control.group ?? ""} sha256 ${ours?.fingerprint ?? "none"}`,
      `data: ${data.protocol} ${data.suite} ${data.group ?? ""} sha256 ${leaf?.fingerprint ?? "none"}`,
    ];
    if (data.resumed || leaf === undefined) {
      return {
        status: "info",
        text: "Only resumed data connections were seen, which show no certificate",
        evidence,
        mode,
      };
    }
    const cap = { scale: "policy", letter: "C" } as const;
    if (leaf.fingerprint !== ours?.fingerprint) {
      const text = "The data connection shows another certificate: a client cannot tell whom it talks to";
      return { status: "fail", text, evidence, mode, cap, fix: "data-certificate" };
    }
    if (data.protocol !== control.protocol) {
      const text = `Data has ${data.protocol}, commands have ${control.protocol}`;
      return { status: "warn", text, evidence, mode } satisfies Verdict;
    }
    return { status: "ok", text: "Same certificate, same version", evidence, mode };
  },
});

export const dataEnd = check({
  id: "D6",
  name: "data-end",
  set: "login",
  title: "TLS on data connections ends with close_notify",
  reference: "RFC 8446 §6.1, R-TLS-20, S-11",
  needs: ["login"],
  judge({ login: { mode, fresh, resumed, controlCloseNotify } }) {
    const complete = [fresh, resumed].filter(
      (data) => data?.completion !== undefined && data.closeNotify !== undefined,
    );
    const evidence = complete.map(
      (data) => `${listingText(data)}: close_notify ${data?.closeNotify === true ? "yes" : "no"}`,
    );
    evidence.push(`control connection, after QUIT: close_notify ${controlCloseNotify === true ? "yes" : "no"}`);
    const served = complete.filter((data) => data?.listingBytes !== 0 || data.closeNotify === true);
    if (served.length === 0) return { untested: "no listing came through over TLS" };
    if (served.some((data) => data?.closeNotify === false)) {
      const text = "A listing ends without close_notify: nobody can tell a whole file from one that was cut";
      const cap = { scale: "policy", letter: "B" } as const;
      return { status: "fail", text, evidence, mode, cap, fix: "close-notify" };
    }
    if (controlCloseNotify === false) {
      return { status: "info", text: "Data ends with close_notify, the control connection without", evidence, mode };
    }
    return { status: "ok", text: "Data ends with close_notify", evidence, mode };
  },
});
