import type { ClientReport } from "@sallyport/inspector";
import { sallyportCommand } from "@sallyport/testing";
import { execFile } from "node:child_process";
import type { RealClient } from "./real-clients.ts";

/** Puts a client through every trial, as a person does. */
export function gradeClient({ run, runImplicit }: RealClient): Promise<ClientReport> {
  const words = ["inspect", "--client", "--json", "--timeout", "20", "--run", run];
  const implicit = runImplicit === undefined ? [] : ["--run-implicit", runImplicit];
  return new Promise((resolve, reject) => {
    execFile(sallyportCommand, [...words, ...implicit], { timeout: 400_000 }, (error, stdout) => {
      if (stdout === "") reject(error ?? new Error("no report"));
      else resolve(JSON.parse(stdout) as ClientReport);
    });
  });
}

/** A row of the table in docs/reference/clients-graded.md. */
export function gradeRow(
  { name, version }: Pick<RealClient, "name" | "version">,
  { grade, findings }: ClientReport,
): string {
  const faults = findings.filter(({ status }) => status === "fail" || status === "warn");
  const told = faults.map(({ id, check, status }) => `${id} ${check}${status === "warn" ? " (warning)" : ""}`);
  return `| ${name}${version === "" ? "" : ` ${version}`} | ${grade.overall} | ${told.join(", ") || "none"} |`;
}
