// Tries the clients of this machine and writes what came of it into docs/reference/clients-graded.md:
// node --conditions=source scripts/client-grades.ts
import { needs } from "@sallyport/testing";
import { readFileSync, writeFileSync } from "node:fs";
import { gradeClient, gradeRow } from "../test/client-trials/grade-clients.ts";
import { realClients } from "../test/client-trials/real-clients.ts";

const document = "docs/reference/clients-graded.md";
const rows: string[] = [];
for (const client of realClients) {
  const lacking = needs("linux", ...client.needs);
  if (lacking !== false) throw new Error(`${client.name}: ${lacking}`);
  rows.push(gradeRow(client, await gradeClient(client)));
}
const table = ["| Client | Grade | Trials that it fails |", "| --- | --- | --- |", ...rows].join("\n");
const text = readFileSync(document, "utf8");
const [head, tail] = [text.split("<!-- generated: grades -->")[0], text.split("<!-- end -->")[1]];
writeFileSync(document, `${head}<!-- generated: grades -->\n\n${table}\n\n<!-- end -->${tail}`);
