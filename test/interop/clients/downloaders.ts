import { basename, dirname } from "node:path";
import { type StockClient, type Task, urlHost } from "../peers/client.ts";
import { type Outcome, runProgram } from "../peers/program.ts";

export const wget: StockClient = {
  name: "wget",
  needs: ["wget"],
  testedVersion: "1.21.3",
  askVersion: (directory) => runProgram("wget", ["--version"], { directory }),
  modes: ["plain", "explicit", "implicit"],
  hasIpv6: true,
  operations: {
    list: (task) => runWget(task, ["-O", "-"], ""),
    get: (task) => runWget(task, ["-O", task.local]),
    "resume get": (task) => runWget(task, ["-c", "-O", task.local]),
    "active get": (task) => runWget(task, ["--no-passive-ftp", "-O", task.local]),
  },
  lacksTls12: true,
  quirks: [
    "Offers TLS 1.2 without extended master secret (GnuTLS priority `%COMPAT`) and so needs TLS 1.3.",
    "Calls explicit TLS `ftps://`.",
    "Sends no close_notify, neither on data nor on control connections, and no `QUIT`.",
  ],
};

export const aria2: StockClient = {
  name: "aria2",
  needs: ["aria2c"],
  testedVersion: "1.36.0",
  askVersion: (directory) => runProgram("aria2c", ["--version"], { directory }),
  modes: ["plain"],
  hasIpv6: true,
  operations: {
    get: (task) => runAria2(task, []),
    "resume get": (task) => runAria2(task, ["--continue=true"]),
    "active get": (task) => runAria2(task, ["--ftp-pasv=false"]),
  },
  quirks: [
    "Resumes at multiples of 16 KiB.",
    "Misses a `226` that comes right behind `150`, as after small files, and waits for its `--timeout` (60 s).",
    "Sends `REST 0` before each download and closes without `QUIT`.",
  ],
};

function runWget(task: Task, words: readonly string[], name: string = task.remote): Promise<Outcome> {
  const trust = [
    ...["--no-config", "--no-verbose", "--tries=1", "--timeout=15", `--ca-certificate=${task.caFile}`],
    ...(task.mode === "implicit" ? ["--ftps-implicit"] : []),
  ];
  return runProgram("wget", [...trust, ...words, url(task, task.mode === "plain" ? "ftp" : "ftps") + name], task);
}

function runAria2(task: Task, words: readonly string[]): Promise<Outcome> {
  const place = ["-d", dirname(task.local), "-o", basename(task.local)];
  const calm = ["--no-conf=true", "--max-tries=1", "--timeout=5", "--file-allocation=none", "--quiet=true"];
  return runProgram("aria2c", [...calm, ...place, ...words, url(task, "ftp") + task.remote], task);
}

function url({ host, port, user, password, folder }: Task, scheme: string): string {
  return `${scheme}://${user}:${password}@${urlHost(host)}:${port}/${folder}/`;
}
