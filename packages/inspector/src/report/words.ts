import type { FindingStatus } from "../checks/check.ts";
import type { GradeReason } from "../grade/grade.ts";
import type { Finding } from "./finding.ts";
import type { InspectFailure, InspectReport, PortReport } from "./report.ts";

/** A version of TLS as a person writes it, from Node's name. */
function versionWord(protocol: string | null): string | null {
  if (protocol === null) return null;
  return protocol
    .replace(/^TLSv(\d)$/, "TLS $1.0")
    .replace(/^TLSv/, "TLS ")
    .replace(/^SSLv/, "SSL ");
}

/** How a port was met, in one line. */
export function portWords(port: PortReport): string {
  if (port.state === "tls") {
    return [versionWord(port.protocol), port.suite, port.group].filter((word) => word !== null).join("  ");
  }
  if (port.state === "clear") return `no TLS: ${port.text}`;
  return port.state === "not-ftp" ? `no FTP: ${port.text}` : `nothing answers: ${port.text}`;
}

/** Findings under a heading of a report that is read by a person. */
export interface FindingGroup {
  readonly title: string;
  readonly findings: readonly Finding[];
}

const groupTitles: readonly { readonly title: string; readonly statuses: readonly FindingStatus[] }[] = [
  { title: "To mend", statuses: ["fail", "warn"] },
  { title: "In order", statuses: ["ok"] },
  { title: "To know", statuses: ["info"] },
  { title: "Not tested", statuses: ["not-tested"] },
];

/** The findings in groups, the gravest first; a group that has none is left out. */
export function findingGroups({ findings }: Pick<InspectReport, "findings">): readonly FindingGroup[] {
  return groupTitles.flatMap(({ title, statuses }) => {
    const own = statuses.flatMap((status) => findings.filter((finding) => finding.status === status));
    return own.length === 0 ? [] : [{ title, findings: own }];
  });
}

/** What was found, with the mode that it was found in. */
export function findingTitle({ status, title, text, mode }: Finding): string {
  const said = status === "not-tested" ? `${title}: ${text}` : text;
  return mode === null ? said : `${said} (${mode})`;
}

/** Why a part of the grade is no better, in one line. */
export function reasonText({ letter, scale, id, text }: GradeReason): string {
  return `${scale === "tls" ? "TLS" : "FTP"} no better than ${letter}: ${id} ${text}`;
}

/** Why a server could not be inspected, and what to look at. */
export function failureSentence(failure: InspectFailure): string {
  if (failure.kind === "name-unknown") return `No address is known for ${failure.host}: check the name.`;
  if (failure.kind === "forbidden") {
    return `${failure.host} leads to ${failure.address}, which the policy does not let anybody inspect.`;
  }
  const told = [failure.ports.explicit, failure.ports.implicit].flatMap((port) =>
    port === null ? [] : [`port ${port.port}: ${port.text}`],
  );
  const said = told.join("; ");
  return failure.kind === "unreachable"
    ? `Nothing answers at ${failure.host} (${said}): check that the server runs, or name its ports (Sallyport without root: 2121 and 2990).`
    : `What answers at ${failure.host} is not FTP (${said}): check the port numbers.`;
}
