import { limits, verbAliases, type VerbRow, verbs, verbsNotImplemented } from "@sallyport/protocol";
import { boundTable } from "../../packages/web/src/gateway/bounds.ts";
import { markdownTable } from "./sections.ts";

/** Every verb of the server, from its row. */
export function verbTable(): string {
  const rows = Object.values<VerbRow>(verbs).map((row) => [
    `\`${row.syntax}\``,
    row.purpose,
    row.access === "anyone" ? "no" : "yes",
    row.feature === undefined ? "" : row.feature === "computed" ? "depends" : `\`${row.feature}\``,
    [row.source, ...(row.capability === undefined ? [] : [`off unless ${capabilitySwitches[row.capability]}`])].join(
      "; ",
    ),
  ]);
  return markdownTable(["Command", "Does", "Needs login", "FEAT line", "Source"], rows);
}

export function verbAliasTable(): string {
  return markdownTable(
    ["Name", "Same as"],
    Object.entries(verbAliases).map(([name, verb]) => [`\`${name}\``, `\`${verb}\``]),
  );
}

export function notImplementedList(): string {
  return [...verbsNotImplemented].map((verb) => `\`${verb}\``).join(", ");
}

export function limitTable(): string {
  return markdownTable(
    ["Limit", "Default", "What it bounds"],
    Object.entries(limits).map(([name, { value, unit, reason }]) => [`\`${name}\``, amount(value, unit), reason]),
  );
}

/** What bounds the gateway of the online client. */
export function gatewayBoundTable(): string {
  return markdownTable(
    ["Bound", "Value", "What it bounds"],
    Object.entries(boundTable).map(([name, { value, reason }]) => {
      const unit = name.endsWith("Ms") ? "ms" : name.endsWith("Bytes") ? "bytes" : "count";
      return [`\`${name}\``, amount(value, unit), reason];
    }),
  );
}

const capabilitySwitches = {
  ccc: "`--allow-ccc`",
  fxp: "`--fxp`",
  "recursive-removal": "the capability `recursive-removal` is given",
} as const;

type Unit = (typeof limits)[keyof typeof limits]["unit"];

/** Whole multiples of the largest unit that fits. */
function amount(value: number, unit: Unit): string {
  if (unit === "count") return value.toLocaleString("en");
  if (unit === "ratio") return `${value} to 1`;
  const [name, size] = unitSteps[unit].find(([, step]) => value >= step && value % step === 0) ?? [unit, 1];
  return `${(value / size).toLocaleString("en")} ${name}`;
}

const unitSteps: Readonly<Record<"bytes" | "ms", readonly (readonly [name: string, size: number])[]>> = {
  bytes: [
    ["TiB", 2 ** 40],
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
    ["octets", 1],
  ],
  ms: [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
    ["ms", 1],
  ],
};
