import { addressReach, canonicalAddress } from "@sallyport/transport";
import { octetsFromText, parsePassiveReply } from "@sallyport/protocol";
import { answerText, codeOf } from "../probes/control.ts";
import { isComplete } from "../probes/data.ts";
import { check } from "./check.ts";

const privateNetwork = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

export const passiveAddress = check({
  id: "D1",
  name: "passive-address",
  set: "login",
  title: "PASV tells the address that the client came to",
  reference: "RFC 1123 §4.1.2.6, RFC 2428 §4, S-10",
  needs: ["login", "address"],
  judge({ login: { mode, passive }, address }) {
    const evidence = [`PASV: ${answerText(passive)}`, `control connection to ${address}`];
    if (codeOf(passive) !== 227) {
      const isIpv6 = address.includes(":");
      const text = isIpv6 ? "PASV is refused over IPv6, where it has no meaning" : "PASV is not taken";
      return { status: "info", text, evidence, mode };
    }
    const lines = passive.kind === "reply" ? passive.lines.join(" ") : "";
    const told = parsePassiveReply(octetsFromText(lines))?.host;
    const here = canonicalAddress(address);
    if (told === undefined) return { status: "fail", text: "The reply to PASV has no address in it", evidence, mode };
    if (told === here) return { status: "ok", text: "The address is the server's", evidence, mode };
    const cap = { scale: "policy", letter: "B" } as const;
    const isInner = privateNetwork.test(told) || addressReach(told) !== "other";
    const text = isInner
      ? `PASV tells ${told}, which leads nowhere from outside, and shows the inner network`
      : `PASV tells ${told}, another host than ${address}: careful clients do not connect there`;
    return { status: "fail", text, evidence, mode, cap, fix: "passive-address" };
  },
});

export const extendedPassive = check({
  id: "D1",
  name: "extended-passive",
  set: "login",
  title: "EPSV works, and EPSV ALL shuts the older commands out",
  reference: "RFC 2428 §3 and §4",
  needs: ["login"],
  judge({ login: { mode, resumed, fresh, extendedAll } }) {
    const used = resumed?.passive ?? fresh?.passive;
    if (used === undefined || extendedAll === undefined) return { untested: "the server let nobody in to try" };
    const { all, passive } = extendedAll;
    const evidence = [
      `EPSV: ${answerText(used)}`,
      `EPSV ALL: ${answerText(all)}`,
      `PASV behind it: ${answerText(passive)}`,
    ];
    if (codeOf(used) !== 229) {
      const text =
        "EPSV is not taken: clients behind a translating router depend on PASV, whose address is hidden by TLS";
      return { status: "warn", text, evidence, mode, fix: "server-update" };
    }
    if (codeOf(all) === 200 && codeOf(passive) === 227) {
      return { status: "info", text: "EPSV ALL is taken, but PASV goes on behind it", evidence, mode };
    }
    return { status: "ok", text: "EPSV works", evidence, mode };
  },
});

export const passivePorts = check({
  id: "D2",
  name: "passive-ports",
  set: "login",
  title: "Passive ports cannot be guessed",
  reference: "RFC 2577 §8, S-07",
  needs: ["login"],
  judge({ login: { mode, passivePorts: ports } }) {
    if (ports.length < 3) return { untested: "the server gave too few ports" };
    const evidence = [`ports in their order: ${ports.join(" ")}`];
    const steps = ports.slice(1).map((port, at) => port - (ports[at] ?? 0));
    const same = new Set(ports).size === 1;
    if (same) return { status: "info", text: "The same port as long as nobody uses it", evidence, mode };
    const isRow = steps.every((step) => step === steps[0]) || steps.every((step) => Math.abs(step) <= 2);
    if (!isRow) return { status: "ok", text: "No order is to be seen in the ports", evidence, mode };
    const text = "Each port follows the one before: whoever guesses the next takes the data of others";
    return { status: "warn", text, evidence, mode, fix: "passive-ports" };
  },
});

export const stolenData = check({
  id: "D2",
  name: "stolen-data",
  set: "login",
  title: "A passive port takes nobody but the client",
  reference: "RFC 2577 §8, S-07",
  needs: ["login"],
  judge({ login: { mode, fresh, conduct } }) {
    const { theft } = conduct;
    if (theft === undefined) return { untested: "this machine has no second address to try it from" };
    const { from, stolenBytes, answer } = theft;
    const got = stolenBytes === undefined ? "nothing" : `${stolenBytes} octets`;
    const evidence = [`first connection to the passive port from ${from}: ${got}`, `LIST: ${answerText(answer)}`];
    if (stolenBytes === undefined) {
      return { status: "ok", text: "A connection from another address gets nothing", evidence, mode };
    }
    const isBound = fresh !== undefined && !isComplete(fresh);
    const text = isBound
      ? "A connection from another address is taken: resumption alone keeps strangers from the data"
      : "A connection from another address is taken: whoever comes first gets the files, or gives them";
    return { status: isBound ? "info" : "warn", text, evidence, mode, fix: "stolen-data" };
  },
});
