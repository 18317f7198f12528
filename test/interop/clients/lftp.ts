import { type StockClient, type Target, type Task, urlHost } from "../peers/client.ts";
import { type Outcome, runProgram, type RunningProgram, startProgram } from "../peers/program.ts";

export const lftp: StockClient = {
  name: "lftp",
  needs: ["lftp"],
  testedVersion: "4.9.2",
  askVersion: (directory) => runProgram("lftp", ["--version"], { directory }),
  modes: ["plain", "explicit", "implicit"],
  hasIpv6: true,
  operations: {
    list: (task) => run(task, `ls ${task.folder}`),
    get: (task) => run(task, `get ${remote(task)} -o ${task.local}`),
    put: (task) => run(task, `put ${task.local} -o ${remote(task)}`),
    "resume get": (task) => run(task, `get -c ${remote(task)} -o ${task.local}`),
    "resume put": (task) => run(task, `put -c ${task.local} -o ${remote(task)}`),
    "active get": (task) => run(task, `set ftp:passive-mode off; get ${remote(task)} -o ${task.local}`),
    "active put": (task) => run(task, `set ftp:passive-mode off; put ${task.local} -o ${remote(task)}`),
  },
  lacks: { IPv6: ["active get", "active put"] },
  quirks: [
    "Names `::` as its own address in `EPRT` where it talks to the loopback over IPv6.",
    "Asks `FEAT` before login and sends `PBSZ` and `PROT` after it.",
    "Sends several commands at once, `PASV` among them.",
    "Turns to MODE Z of itself where `FEAT` has it, and names its host in `HOST` also where that is an address.",
    "Resumes uploads with `SIZE`, `REST` and `STOR`; sets the time with `MFMT` afterwards.",
  ],
};

/** Starts an upload of 3 MiB a second. */
export function slowUpload(task: Task): RunningProgram {
  const upload = `set net:limit-rate 3M; put ${task.local} -o ${remote(task)}`;
  return startProgram("lftp", ["--norc", "-c", `${lftpOpening(task)}; ${upload}`], task);
}

/** Copies the folder to this side, then from there to `back`, two files at a time. */
export function mirrorThereAndBack(task: Task): Promise<Outcome> {
  const here = `${task.directory}/mirror`;
  return run(task, `mirror --parallel=2 ${task.folder} ${here}; mirror -R --parallel=2 ${here} ${task.folder}/back`);
}

/** The commands that take lftp to the server, logged in lazily as it does. */
function lftpOpening({ mode, host, port, user, password, caFile }: Target): string {
  const settings = [
    `set ssl:ca-file ${caFile}`,
    "set net:max-retries 1",
    "set net:timeout 10",
    "set cmd:fail-exit yes",
    ...(mode === "plain" ? ["set ftp:ssl-allow no"] : ["set ftp:ssl-force yes", "set ftp:ssl-protect-data yes"]),
  ];
  const scheme = mode === "implicit" ? "ftps" : "ftp";
  return [...settings, `open -u ${user},${password} ${scheme}://${urlHost(host)}:${port}`].join("; ");
}

function remote({ folder, remote: name }: Task): string {
  return `${folder}/${name}`;
}

function run(task: Task, command: string): Promise<Outcome> {
  return runProgram("lftp", ["--norc", "-c", `${lftpOpening(task)}; ${command}`], task);
}
