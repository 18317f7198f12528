// Does one job with basic-ftp, as a program that somebody would write with it; see bench/client/programs.ts.
import { Client } from "basic-ftp";
import { readFileSync } from "node:fs";
import type { ClientJob, ClientSite } from "./programs.ts";

const [order = "{}"] = process.argv.slice(2);
const { job, host, port, caFile, user, password } = JSON.parse(order) as ClientSite & {
  readonly job: ClientJob;
  readonly user: string;
  readonly password: string;
};
const client = new Client();
await client.access({ host, port, user, password, secure: true, secureOptions: { ca: readFileSync(caFile) } });
switch (job.kind) {
  case "get":
    await client.downloadTo(job.local, job.remote);
    break;
  case "put":
    await client.uploadFrom(job.local, job.remote);
    break;
  case "fetch-tree":
    await client.downloadToDir(job.local, job.remote);
    break;
  case "send-tree":
    await client.uploadFromDir(job.local, job.remote);
    break;
  case "print":
    await client.downloadTo(process.stdout, job.remote);
    break;
  case "list":
    for (const { name, size } of await client.list(job.remote)) process.stdout.write(`${size} ${name}\n`);
    break;
}
client.close();
