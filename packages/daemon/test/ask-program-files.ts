// Prints what requireProgramFiles says of a user, whose rights are the first argument.
import { argv, stdout } from "node:process";
import type { Rights } from "../src/privileges.ts";
import { requireProgramFiles } from "../src/program-files.ts";

const [, , rights = "", forks] = argv;
try {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test beside it wrote it
  requireProgramFiles(JSON.parse(rights) as Rights, "Somebody", { forks: forks === "forks" });
} catch (error) {
  stdout.write(error instanceof Error ? error.message : String(error));
}
