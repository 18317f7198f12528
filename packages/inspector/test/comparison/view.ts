import { inspect, type Finding, type InspectReport } from "@sallyport/inspector";

/** What can be compared of one port, each as one text; a field that somebody does not look at is absent. */
export type View = Readonly<Partial<Record<ViewField, string>>>;

export const viewFields = [
  "versions",
  "suites of SSL 3.0",
  "suites of TLS 1.0",
  "suites of TLS 1.1",
  "suites of TLS 1.2",
  "suites of TLS 1.3",
  "groups of TLS 1.3",
  "order of suites",
  "secure renegotiation",
  "compression",
  "key",
  "signature",
  "valid until",
] as const;
export type ViewField = (typeof viewFields)[number];

/** A port of a server, with what makes its certificate trusted. */
export interface Port {
  readonly host: string;
  readonly port: number;
  readonly mode: "explicit" | "implicit";
  readonly ca: string;
}

/** Texts of lists that are sets have one order. */
export function listText(items: Iterable<string>): string {
  return [...new Set(items)].toSorted().join(", ");
}

/** Suites by version, and the versions that have some. */
export function suiteFields(suites: Readonly<Record<string, readonly string[]>>): View {
  const fields = Object.entries(suites).map(([version, names]) => [`suites of ${version}`, listText(names)]);
  return { ...Object.fromEntries(fields), versions: listText(Object.keys(suites)) } as View;
}

/** Days alone: scanners tell times in zones of their own. */
export function dayText(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** What our own inspection sees of a port. */
export async function ownView({ host, port, mode, ca }: Port): Promise<View> {
  const ports =
    mode === "explicit"
      ? ({ explicit: port, implicit: "off" } as const)
      : ({ explicit: "off", implicit: port } as const);
  const report = await inspect(host, { ports, ca, deep: true, only: ["T", "C"], timeoutMs: 20_000 });
  if ("kind" in report) throw new Error(JSON.stringify(report));
  const handshake = report.handshakes[mode];
  const leaf = handshake?.chain[0];
  return {
    ...suiteFields(suitesOf(report)),
    "groups of TLS 1.3": listText(groupsOf(report)),
    ...(evidenceOf(report, "preference").length > 0 && {
      "order of suites": /client/.test(textOf(report, "preference")) ? "client" : "server",
    }),
    compression: statusOf(report, "compression") === "ok" ? "no" : "yes",
    "secure renegotiation": evidenceOf(report, "extensions").includes("renegotiation_info: yes") ? "yes" : "no",
    ...(leaf && {
      key: `${leaf.keyType} ${leaf.keyBits}`,
      signature: leaf.signatureAlgorithm.toLowerCase(),
      "valid until": dayText(new Date(leaf.validUntil)),
    }),
  };
}

function findingsOf({ findings }: InspectReport, check: string): readonly Finding[] {
  return findings.filter((finding) => finding.check === check);
}

function evidenceOf(report: InspectReport, check: string): readonly string[] {
  return findingsOf(report, check).flatMap(({ evidence }) => evidence);
}

function textOf(report: InspectReport, check: string): string {
  return findingsOf(report, check)
    .map(({ text }) => text)
    .join("; ");
}

function statusOf(report: InspectReport, check: string): string | undefined {
  return findingsOf(report, check)[0]?.status;
}

function suitesOf(report: InspectReport): Readonly<Record<string, readonly string[]>> {
  const lists = evidenceOf(report, "every-suite").flatMap((line): [string, readonly string[]][] => {
    const [, version = "", names = ""] = /^((?:TLS|SSL) [\d.]+): (.*)$/.exec(line) ?? [];
    return names === "" ? [] : [[version, names.split(", ")]];
  });
  return Object.fromEntries(lists);
}

function groupsOf(report: InspectReport): readonly string[] {
  return evidenceOf(report, "every-group").flatMap(
    (line) => /^picked in turn: (.*)$/.exec(line)?.[1]?.split(", ") ?? [],
  );
}
