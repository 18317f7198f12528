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
    return {
      status: "warn",
      text: "The ports show different certificates: one of them may be forgotten",
      evidence,
      fix: "same-certificate",
    };
  },
});

export const sameElsewhere = check({
  id: "C8",
  name: "same-certificate-elsewhere",
  title: "Every address of the name shows the same certificate",
  reference: "S-30",
  needs: ["modes", "names", "address"],
  judge({ modes, names: { others }, address }) {
    const [here] = shownLeaves(modes);
    const shown = others.filter(({ fingerprint }) => fingerprint !== undefined);
    if (here === undefined || shown.length === 0)
      return { untested: "no other address of the name shows a certificate" };
    const evidence = [
      `${address}: sha256 ${here.leaf.fingerprint}`,
      ...shown.map((other) => `${other.address}: sha256 ${other.fingerprint ?? ""}`),
    ];
    const isSame = shown.every(({ fingerprint }) => fingerprint === here.leaf.fingerprint);
    if (isSame) return { status: "ok", text: "One certificate for every address", evidence };
    return {
      status: "warn",
      text: "The addresses show different certificates: one of them may be forgotten",
      evidence,
      fix: "same-certificate",
    };
  },
});
