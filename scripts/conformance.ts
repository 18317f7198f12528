// npm run conformance: writes docs/reference/conformance.md anew and lists what is missing.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import {
  clientRequirements,
  conformanceDocument,
  isMissing,
  serverRequirements,
  standings,
  testFilesById,
} from "./conformance-table.ts";

const folder = new URL("../docs/reference/", import.meta.url);
const root = new URL("../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

const testFiles = globSync(["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "test/attacks/*-attacks.ts"], {
  cwd: root,
});
const requirements = readFileSync(new URL("requirements.md", folder), "utf8");
const filesById = testFilesById(testFiles.map((path) => ({ path, text: read(path) })));
const refused = JSON.parse(readFileSync(new URL("refused.json", folder), "utf8")) as Record<string, string>;
const rows = standings(serverRequirements(requirements), filesById, refused);
const ofClient = standings(clientRequirements(requirements), filesById, refused);

writeFileSync(new URL("conformance.md", folder), conformanceDocument(rows, ofClient));
for (const level of ["MUST", "MUST+", "SHOULD", "SHOULD+", "MAY"]) {
  const ids = rows.filter((row) => isMissing(row) && row.requirement.level === level).map((row) => row.requirement.id);
  process.stdout.write(`missing ${level} (${ids.length}): ${ids.join(" ")}\n`);
}
