import type { TlsMode } from "../model/index.ts";
import { answerText, codeOf } from "../probes/control.ts";
import type { ModeFacts } from "../probes/dialogues.ts";
import type { Facts } from "../probes/gather.ts";
import type { Gathered } from "../probes/gathered.ts";
import type { InspectedServer } from "../probes/inspected-server.ts";
import type { InspectReport, PortReport } from "./report.ts";

/** How the ports of both modes were met; null for one that was left out. */
export function portsOf({ explicit, implicit }: Facts, server: InspectedServer): InspectReport["ports"] {
  return { explicit: portReport(explicit, server, "explicit"), implicit: portReport(implicit, server, "implicit") };
}

/** Whether there is anything to inspect. */
export function someIsFtp({ explicit, implicit }: InspectReport["ports"]): boolean {
  return [explicit, implicit].some((port) => port?.state === "tls" || port?.state === "clear");
}

function portReport(fact: Gathered<ModeFacts>, { ports }: InspectedServer, mode: TlsMode): PortReport | null {
  const port = ports[mode];
  if (port === undefined) return null;
  const nothing = { protocol: null, suite: null, group: null, alpn: null };
  if (fact.kind === "missing") return { port, state: "closed", text: fact.reason, ...nothing };
  const { greeting, secured } = fact.value;
  if (secured?.kind === "secured") {
    const { protocol, suite, group = null, alpn = null } = secured;
    return { port, state: "tls", text: answerText(greeting), protocol, suite, group, alpn };
  }
  const isImplicit = "isImplicit" in fact.value && fact.value.isImplicit;
  const greeted = isImplicit ? "TLS from the first octet: this is a port for implicit mode" : answerText(greeting);
  const text = secured === undefined ? greeted : secured.text;
  const isFtp = codeOf(greeting) >= 100;
  return { port, state: isFtp ? "clear" : "not-ftp", text, ...nothing };
}
