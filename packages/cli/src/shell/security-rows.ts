import { type Client, factOf } from "@sallyport/client";
import { displayOctets } from "@sallyport/protocol";
import type { ClientTlsFacts, SecurityContextFacts } from "@sallyport/transport";
import { visibleText } from "../terminal/visible-text.ts";

const vouchers: Readonly<Record<ClientTlsFacts["trustedBy"], string>> = {
  authorities: "an authority that is trusted here",
  pin: "its pin",
  remembered: "its key, which is the one of the first meeting",
  "first-use": "nobody yet: this is the first meeting, and its key is remembered",
  verify: "a check of the program",
  nobody: "nobody: whoever is in between reads and changes everything",
};

const resumptions = {
  accepted: "data connections resume the TLS of the login, which binds them to it",
  refused: "the server does not resume TLS: each data connection has a handshake of its own",
} as const;

/** How the control connection that was used last is protected, a label and a text each. */
export function securityRows({
  server,
  tls,
  gssapi,
  greeting,
  profile,
}: Client): readonly (readonly [label: string, value: string])[] {
  const greeted = visibleText(displayOctets(greeting?.lines[0] ?? ("" as never)));
  const said = greeted === "" ? [] : ([["greeting", greeted]] as const);
  if (gssapi !== undefined) return [...kerberosRows(gssapi), ...said];
  if (tls === undefined) return [["security", "none: everybody on the way reads password and files"], ...said];
  const { protocol, suite, group, certificate, trustedBy } = tls;
  const resumption = factOf(profile, "dataResumption", Date.now());
  return [
    ["security", server?.security ?? ""],
    ["TLS", [protocol, suite, ...(group === undefined ? [] : [group])].join(", ")],
    ["resumption", resumption === undefined ? "not known before the first transfer" : resumptions[resumption]],
    ["certificate", visibleText(certificate.subject.replaceAll("\n", ", "))],
    ["valid until", certificate.validUntil.toISOString().slice(0, 10)],
    ["pin", certificate.pin],
    ["vouched for by", vouchers[trustedBy]],
    ...said,
  ];
}

function kerberosRows({ peerName, expiresAtMs }: SecurityContextFacts): readonly (readonly [string, string])[] {
  return [
    ["security", "Kerberos (GSSAPI)"],
    ["server is", visibleText(peerName)],
    ...(expiresAtMs === undefined ? [] : [["ticket until", new Date(expiresAtMs).toISOString()] as const]),
  ];
}
