// One run of a mirror in a process that may be killed: says "step" for each step, and "end" when all is done.
import { connect } from "@sallyport/client";
import { writeSync } from "node:fs";

/** What a run is told, as JSON in its only argument. */
export interface MirrorRun {
  readonly url: string;
  readonly ca: string;
  readonly direction: "download" | "upload";
  readonly local: string;
  readonly remote: string;
  readonly journal: string;
  readonly parallel: number;
}

const run = JSON.parse(process.argv[2] ?? "") as MirrorRun;
await using client = await connect(run.url, { tls: { ca: run.ca }, pool: { max: run.parallel } });
const options = { journal: run.journal, parallel: run.parallel, delete: true };
const { local, remote } = run;
const steps =
  run.direction === "download"
    ? client.sync({ remote }, { local }, options)
    : client.sync({ local }, { remote }, options);
for await (const step of steps) {
  if (step.outcome === "failed") throw step.error;
  writeSync(1, "step\n");
}
writeSync(1, "end\n");
