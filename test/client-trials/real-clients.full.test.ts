import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gradeClient, gradeRow } from "./grade-clients.ts";
import { realClients } from "./real-clients.ts";

const documented = new Set(
  readFileSync(new URL("../../docs/reference/clients-graded.md", import.meta.url), "utf8")
    .split("\n")
    .map((line) => line.replace(/ {2,}/g, " ")),
);

for (const client of realClients) {
  test(
    `${client.name} does in every trial what the document says`,
    { skip: needs("linux", ...client.needs) },
    async () => {
      const row = gradeRow(client, await gradeClient(client));
      assert.ok(documented.has(row), row);
    },
  );
}
