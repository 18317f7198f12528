import { createHash } from "node:crypto";
import type { HelloOutcome } from "../probes/hellos.ts";
import { check, type Verdict } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const serverName = check({
  id: "T10",
  name: "server-name",
  title: "What no name or a wrong one in the hello leads to",
  reference: "RFC 6066 §3, RFC 9325 §3.7, R-TLS-11, R-TLS-12",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { foreignName, portInName, addressAsName, strong, tolerant } = answers;
    // Asked alone only where the hello that has everything, and no name, was refused.
    const noName = isTaken(tolerant) === true ? tolerant : answers.noName;
    if (isTaken(strong) !== true || isTaken(foreignName) === undefined) return { untested: "no TLS 1.2 to ask in" };
    const evidence = [
      `asked for sallyport-inspect.invalid: ${outcomeText(foreignName)}`,
      `asked for no name: ${outcomeText(noName)}`,
      ...(portInName ? [`asked for host and port: ${outcomeText(portInName)}`] : []),
      ...(addressAsName ? [`asked for an address: ${outcomeText(addressAsName)}`] : []),
    ];
    const base = { evidence, mode };
    const verdicts: Verdict[] = [];
    if (isTaken(noName) === false) {
      const text = "A hello without a name is refused: clients that connect by address never send one";
      verdicts.push({ status: "warn", text, ...base, fix: "server-update" });
    }
    if (isTaken(portInName) === false && isTaken(foreignName) === true) {
      const text = "A name with a port behind it is refused, as it may be: some clients send one";
      verdicts.push({ status: "info", text, ...base });
    }
    if (isTaken(foreignName) === false) {
      verdicts.push({ status: "ok", text: "A foreign name is refused", ...base });
      return verdicts;
    }
    const [usual, foreign] = [leafOf(strong), leafOf(foreignName)];
    if (usual !== undefined && foreign !== undefined && usual !== foreign) {
      const seen = [...evidence, `certificate for the foreign name: sha256 ${foreign}`, `usual one: sha256 ${usual}`];
      return [...verdicts, { status: "info", text: "A foreign name gets another certificate", evidence: seen, mode }];
    }
    const text =
      "A foreign name gets the usual certificate: clients that connect by an alias or an address depend on that";
    return [...verdicts, { status: "info", text, ...base }];
  },
});

function leafOf(outcome: HelloOutcome | undefined): string | undefined {
  const [leaf] = outcome?.kind === "hello" ? outcome.certificates : [];
  return leaf && createHash("sha256").update(leaf).digest("hex");
}
