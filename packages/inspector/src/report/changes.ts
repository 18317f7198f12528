import type { TlsMode } from "../model/index.ts";
import type { Finding } from "./finding.ts";
import { isFailure, type InspectReport, type InspectResult } from "./report.ts";
import { failureSentence, portWords } from "./words.ts";

/** What is otherwise than it was when a server was inspected before. */
export interface Change {
  /** ID of a check, or what else changed. */
  readonly what: string;
  readonly mode: TlsMode | null;
  /** As it was and as it is, each a sentence without its full stop; null where there was nothing. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Compares two inspections of one server; what was measured (times, connections) is no change. */
export function changesOf(before: InspectResult, after: InspectResult): readonly Change[] {
  if (isFailure(before) || isFailure(after)) return changed("server", null, oneLine(before), oneLine(after));
  return [
    ...(["overall", "tls", "policy"] as const).flatMap((scale) =>
      changed(gradeWords[scale], null, before.grade[scale], after.grade[scale]),
    ),
    ...changed("address", null, before.address, after.address),
    ...(["explicit", "implicit"] as const).flatMap((mode) =>
      changed("port", mode, portText(before, mode), portText(after, mode)),
    ),
    ...changed("certificate", null, fingerprints(before), fingerprints(after)),
    ...changedFindings(before, after),
  ];
}

const gradeWords = { overall: "grade", tls: "grade of TLS", policy: "grade of FTP" } as const;

function changed(what: string, mode: TlsMode | null, before: string | null, after: string | null): readonly Change[] {
  return before === after ? [] : [{ what, mode, before, after }];
}

function oneLine(result: InspectResult): string {
  return isFailure(result) ? failureSentence(result).replace(/\.$/, "") : `inspected, grade ${result.grade.overall}`;
}

function portText({ ports }: InspectReport, mode: TlsMode): string | null {
  const port = ports[mode];
  return port === null ? null : portWords(port);
}

/** Leaves alone: whoever renews a certificate gets another leaf. */
function fingerprints({ handshakes }: InspectReport): string | null {
  const leaves = Object.values(handshakes).flatMap((handshake) => handshake?.chain[0]?.fingerprint ?? []);
  return leaves.length === 0 ? null : [...new Set(leaves)].join(", ");
}

function changedFindings(before: InspectReport, after: InspectReport): readonly Change[] {
  const old = findingTexts(before);
  const now = findingTexts(after);
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    const { id, mode } = is?.finding ?? was?.finding ?? { id: key, mode: null };
    return changed(id, mode, was?.text ?? null, is?.text ?? null);
  });
}

function findingTexts({ findings }: InspectReport): Map<string, { readonly finding: Finding; readonly text: string }> {
  const grouped = Map.groupBy(findings, ({ id, check, mode }) => `${id}/${check}/${mode ?? ""}`);
  return new Map(
    [...grouped].flatMap(([key, own]) => {
      const [finding] = own;
      const text = own.map((one) => `[${one.status}] ${one.text}`).join("; ");
      return finding === undefined ? [] : [[key, { finding, text }] as const];
    }),
  );
}
