// npm run reference: writes anew what stands between the `generated` marks of docs/reference.
import { readFileSync, writeFileSync } from "node:fs";
import { generatedDocuments } from "./reference/generated-documents.ts";
import { withSections } from "./reference/sections.ts";

const folder = new URL("../docs/reference/", import.meta.url);

for (const [name, makeSections] of Object.entries(generatedDocuments)) {
  const file = new URL(name, folder);
  const before = readFileSync(file, "utf8");
  const after = withSections(before, await makeSections());
  if (after !== before) writeFileSync(file, after);
  process.stdout.write(`${name}: ${after === before ? "as it was" : "written anew"}\n`);
}
