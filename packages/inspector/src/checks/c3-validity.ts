import { day, distinctLeaves, noCertificate } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";

const dayMs = 86_400_000;
/** A person still has time to act. */
const soonDays = 14;
/** Longest life that the CA/Browser Forum allows since 2020; those of authorities of one's own may be longer. */
const publicLifeDays = 398;

export const validity = check({
  id: "C3",
  name: "validity",
  title: "The certificate is valid now",
  reference: "RFC 5280 §4.1.2.5",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    const now = Date.now();
    return leaves.map(({ mode, leaf: { validFrom, validUntil } }): Verdict => {
      const leftDays = Math.floor((validUntil.getTime() - now) / dayMs);
      const lifeDays = Math.round((validUntil.getTime() - validFrom.getTime()) / dayMs);
      const evidence = [`from ${day(validFrom)} to ${day(validUntil)}, ${lifeDays} days`];
      const fix = "certificate-renew";
      if (validUntil.getTime() < now) {
        const text = `Expired on ${day(validUntil)}`;
        return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "T" }, fix };
      }
      if (validFrom.getTime() > now) {
        const text = `Not valid before ${day(validFrom)}, unless the clock here is wrong`;
        return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "T" }, fix };
      }
      if (leftDays < soonDays) {
        return { status: "warn", text: `Expires in ${leftDays} days`, evidence, mode, fix };
      }
      const long = lifeDays > publicLifeDays ? "; public authorities give no more than 398 days" : "";
      return { status: "ok", text: `Valid for ${leftDays} days more${long}`, evidence, mode };
    });
  },
});
