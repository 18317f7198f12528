import { existsSync, readFileSync } from "node:fs";
import {
  agrees,
  explanationOf,
  knownDifferences,
  type ComparedField,
  type ComparisonRun,
} from "../../packages/inspector/test/comparison/compare.ts";
import { markdownTable, type Sections } from "./sections.ts";

/** What the last run of scripts/inspector-comparison.ts found. */
export function comparisonSections(): Sections {
  const file = new URL("../../docs/reference/inspector-comparison.json", import.meta.url);
  const run = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ComparisonRun) : undefined;
  if (run === undefined) return { conditions: notRun, agreements: notRun, fields: notRun, differences: notRun };
  return {
    conditions: conditionText(run),
    agreements: agreementTable(run.compared),
    fields: fieldTable(run.compared),
    differences: differenceTable(run.compared),
  };
}

const notRun = "Not run yet.";

function conditionText({ day, versions }: ComparisonRun): string {
  const all = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Run on ${day}, on one machine over its loopback, with packages of Debian 12: ${all.join(", ")}.`;
}

function agreementTable(compared: readonly ComparedField[]): string {
  const scanners = namesOf(compared, ({ scanner }) => scanner);
  const rows = Map.groupBy(compared, ({ server, mode }) => `${server}|${mode}`);
  return markdownTable(
    ["Server", "Mode", ...scanners],
    [...rows].map(([key, own]) => {
      const counts = scanners.map((name) => {
        const fields = own.filter(({ scanner }) => scanner === name);
        return fields.length === 0 ? "" : `${fields.filter(agrees).length} of ${fields.length}`;
      });
      return [...key.split("|"), ...counts];
    }),
  );
}

function fieldTable(compared: readonly ComparedField[]): string {
  const scanners = namesOf(compared, ({ scanner }) => scanner);
  const rows = namesOf(compared, ({ field }) => field).map((field) => {
    const counts = scanners.map((name) => {
      const own = compared.filter((one) => one.scanner === name && one.field === field);
      return own.length === 0 ? "not looked at" : `${own.filter(agrees).length} of ${own.length}`;
    });
    return [field, ...counts];
  });
  return markdownTable(["What", ...scanners], rows);
}

function differenceTable(compared: readonly ComparedField[]): string {
  const differences = compared.filter((one) => !agrees(one));
  const known = knownDifferences.flatMap((row) => {
    const own = differences.filter((one) => explanationOf(one) === row);
    if (own.length === 0) return [];
    return [[row.scanner, row.what, namesOf(own, ({ server }) => server).join("; "), row.why]];
  });
  const others = differences.filter((one) => explanationOf(one) === undefined);
  const unknown = others.map(({ scanner, field, server, mode, ours, theirs }) => [
    scanner,
    field,
    `${server} (${mode})`,
    `not explained: ${theirs || "nothing"} for our ${ours || "nothing"}`,
  ]);
  return markdownTable(["Scanner", "Difference", "Where", "Why"], [...known, ...unknown]);
}

function namesOf<Name extends string>(
  compared: readonly ComparedField[],
  nameOf: (one: ComparedField) => Name,
): readonly Name[] {
  return [...new Set(compared.map(nameOf))];
}
