import { createHash } from "node:crypto";
import type { HelloOutcome } from "../probes/hellos.ts";
import { check } from "./check.ts";
import { isTaken, outcomeText } from "./outcome.ts";

export const serverName = check({
  id: "T10",
  name: "server-name",
  title: "What a foreign name in the hello leads to",
  reference: "RFC 6066 §3, RFC 9325 §3.7, R-TLS-12",
  needs: ["hellos"],
  judge({ hellos: { mode, answers } }) {
    const { foreignName, strong } = answers;
    if (isTaken(strong) !== true || isTaken(foreignName) === undefined) return { untested: "no TLS 1.2 to ask in" };
    const evidence = [`asked for sallyport-inspect.invalid: ${outcomeText(foreignName)}`];
    if (isTaken(foreignName) === false) return { status: "ok", text: "A foreign name is refused", evidence, mode };
    const [usual, foreign] = [leafOf(strong), leafOf(foreignName)];
    if (usual !== undefined && foreign !== undefined && usual !== foreign) {
      evidence.push(`certificate for the foreign name: sha256 ${foreign}`, `usual certificate: sha256 ${usual}`);
      return { status: "info", text: "A foreign name gets another certificate", evidence, mode };
    }
    const text =
      "A foreign name gets the usual certificate: clients that connect by an alias or an address depend on that";
    return { status: "info", text, evidence, mode };
  },
});

function leafOf(outcome: HelloOutcome | undefined): string | undefined {
  const [leaf] = outcome?.kind === "hello" ? outcome.certificates : [];
  return leaf && createHash("sha256").update(leaf).digest("hex");
}
