// Loaded into each server process under test by --import. At SIGWINCH it collects garbage and writes what the process
// holds on to into a file of SALLYPORT_FAULTS. SALLYPORT_LIMITS shortens limits, and SALLYPORT_HOUR the time of what is
// done each hour, so that a day's events fit in minutes.
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { limits } from "@sallyport/protocol";

const told = process.env["SALLYPORT_FAULTS"];

for (const [name, value] of Object.entries(JSON.parse(process.env["SALLYPORT_LIMITS"] ?? "{}"))) {
  const row = (limits as Record<string, { value: number } | undefined>)[name];
  if (row === undefined || typeof value !== "number") throw new Error(`there is no limit ${name}`);
  row.value = value;
}

const hour = process.env["SALLYPORT_HOUR"];
if (hour !== undefined) {
  const real = globalThis.setInterval;
  const shortened = (call: () => void, ms?: number): NodeJS.Timeout => real(call, ms === 3_600_000 ? Number(hour) : ms);
  globalThis.setInterval = Object.assign(shortened, real);
}

if (isMainThread && told !== undefined) process.on("SIGWINCH", () => tell(told));

function tell(folder: string): void {
  globalThis.gc?.();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const path = join(folder, `${process.pid}.json`);
  writeFileSync(`${path}.new`, JSON.stringify({ resources, memory: process.memoryUsage() }));
  renameSync(`${path}.new`, path);
}
