import { check } from "./check.ts";

export const bothModes = check({
  id: "M3",
  name: "modes",
  title: "Which modes of TLS there are",
  reference: "RFC 4217 §4.2, draft-murray-auth-ftp-ssl-16 §2.1",
  needs: ["modes"],
  judge({ modes }) {
    const secured = (["explicit", "implicit"] as const).filter((mode) => modes[mode]?.secured?.kind === "secured");
    const evidence = (["explicit", "implicit"] as const).map((mode) => {
      const facts = modes[mode];
      if (facts === undefined) return `${mode}: nothing answers`;
      const { secured: tls, port } = facts;
      if ("isImplicit" in facts && facts.isImplicit)
        return `${mode} on ${port}: TLS from the first octet, as in implicit mode`;
      if (tls === undefined) return `${mode} on ${port}: no TLS`;
      return `${mode} on ${port}: ${tls.kind === "secured" ? `${tls.protocol}, ${tls.suite}` : tls.text}`;
    });
    if (secured.length === 2) return { status: "ok", text: "Both modes are there", evidence };
    const [only] = secured;
    if (only !== undefined) return { status: "info", text: `Only ${only} TLS is there`, evidence };
    const cap = { scale: "policy", letter: "F" } as const;
    return { status: "fail", text: "No mode of TLS works", evidence, cap, fix: "explicit-tls" };
  },
});
