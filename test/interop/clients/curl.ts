import { type StockClient, type Task, urlHost } from "../peers/client.ts";
import { type Outcome, runProgram, type RunningProgram, startProgram } from "../peers/program.ts";

export const curl: StockClient = {
  name: "curl",
  needs: ["curl"],
  testedVersion: "7.88.1",
  askVersion: (directory) => runProgram("curl", ["--version"], { directory }),
  modes: ["plain", "explicit", "implicit"],
  hasIpv6: true,
  operations: {
    list: (task) => run(task, [directoryUrl(task)]),
    get: (task) => run(task, [fileUrl(task), "-o", task.local]),
    put: (task) => run(task, [fileUrl(task), "-T", task.local]),
    "resume get": (task) => run(task, [fileUrl(task), "-C", "-", "-o", task.local]),
    "resume put": (task) => run(task, [fileUrl(task), "-C", "-", "-T", task.local]),
    "active get": (task) => run(task, ["--ftp-port", "-", fileUrl(task), "-o", task.local]),
    "active put": (task) => run(task, ["--ftp-port", "-", fileUrl(task), "-T", task.local]),
  },
  // Its data connection of active mode has no TLS since 7.87 (curl issue 10666), against every server.
  lacks: { explicit: ["active get", "active put"], implicit: ["active get", "active put"] },
  quirks: [
    "7.88 has no TLS on data connections that it accepts: active mode works in plain FTP alone.",
    "Asks with `AUTH SSL` first and sends its own `PBSZ` and `PROT` after login.",
    "Sends the ClientHello of the data connection before the transfer command and waits 200 ms for the answer.",
    "Resumes uploads with `SIZE` and `APPE`.",
  ],
};

/** Starts an upload of 3 MiB a second. */
export function slowUpload(task: Task, words: readonly string[] = []): RunningProgram {
  const upload = [fileUrl(task), "-T", task.local, "--limit-rate", "3M", ...words];
  return startProgram("curl", [...curlWords(task), ...upload], task);
}

/** The words that every curl command begins with. */
function curlWords(task: Pick<Task, "mode" | "caFile" | "user" | "password">): readonly string[] {
  return [
    ...["-sS", "--max-time", "20", "--cacert", task.caFile, "-u", `${task.user}:${task.password}`],
    ...(task.mode === "explicit" ? ["--ssl-reqd"] : []),
  ];
}

function fileUrl(task: Task): string {
  return directoryUrl(task) + task.remote;
}

function directoryUrl({ mode, host, port, folder }: Task): string {
  return `${mode === "implicit" ? "ftps" : "ftp"}://${urlHost(host)}:${port}/${folder}/`;
}

function run(task: Task, words: readonly string[]): Promise<Outcome> {
  return runProgram("curl", [...curlWords(task), ...words], task);
}
