import { causeSections } from "./cause-sections.ts";
import { checkSections } from "./check-sections.ts";
import { comparisonSections } from "./comparison-sections.ts";
import { commandSections } from "./command-sections.ts";
import { interopSections } from "./interop-sections.ts";
import { performanceSections } from "./performance-sections.ts";
import { gatewayBoundTable, limitTable, notImplementedList, verbAliasTable, verbTable } from "./protocol-tables.ts";
import type { Sections } from "./sections.ts";
import { settingSections } from "./setting-sections.ts";
import { tlsSections } from "./tls-sections.ts";

/** The documents of which parts are generated, by their paths from docs/reference. */
export const generatedDocuments: Readonly<Record<string, () => Sections | Promise<Sections>>> = {
  "ftp-commands.md": () => ({ verbs: verbTable(), aliases: verbAliasTable(), "not-implemented": notImplementedList() }),
  "limits.md": () => ({ limits: limitTable(), gateway: gatewayBoundTable() }),
  "commands.md": commandSections,
  "configuration.md": settingSections,
  "tls-profile.md": tlsSections,
  "interop.md": interopSections,
  "inspector-checks.md": checkSections,
  "inspector-comparison.md": comparisonSections,
  "performance.md": performanceSections,
  "../guide/when-it-fails.md": causeSections,
};
