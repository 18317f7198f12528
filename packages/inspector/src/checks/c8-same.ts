import { shownLeaves } from "./certificate.ts";
import { check } from "./check.ts";

export const sameCertificate = check({
  id: "C8",
  name: "same-certificate",
  title: "Both ports show the same certificate",
  reference: "S-30",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = shownLeaves(modes);
    if (leaves.length < 2) return { untested: "only one port shows a certificate" };
    const evidence = leaves.map(({ mode, leaf }) => `${mode}: sha256 ${leaf.fingerprint}`);
    const isSame = new Set(leaves.map(({ leaf }) => leaf.fingerprint)).size === 1;
    if (isSame) return { status: "ok", text: "One certificate for both ports", evidence };
    return { status: "warn", text: "The ports show different certificates: one of them may be forgotten", evidence };
  },
});
