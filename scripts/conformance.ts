// npm run conformance: writes docs/reference/conformance.md anew and lists what is missing.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { conformanceDocument, isMissing, serverRequirements, standings, testFilesById } from "./conformance-table.ts";

const folder = new URL("../docs/reference/", import.meta.url);
const root = new URL("../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

const testFiles = globSync(["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "test/attacks/*-attacks.ts"], {
  cwd: root,
});
const rows = standings(
  serverRequirements(readFileSync(new URL("requirements.md", folder), "utf8")),
  testFilesById(testFiles.map((path) => ({ path, text: read(path) }))),
  JSON.parse(readFileSync(new URL("refused.json", folder), "utf8")) as Record<string, string>,
);

writeFileSync(new URL("conformance.md", folder), conformanceDocument(rows));
for (const level of ["MUST", "MUST+", "SHOULD", "SHOULD+", "MAY"]) {
  const ids = rows.filter((row) => isMissing(row) && row.requirement.level === level).map((row) => row.requirement.id);
  process.stdout.write(`missing ${level} (${ids.length}): ${ids.join(" ")}\n`);
}
