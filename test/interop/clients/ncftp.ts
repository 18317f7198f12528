import { dirname } from "node:path";
import type { StockClient, Task } from "../peers/client.ts";
import { type Outcome, runProgram } from "../peers/program.ts";

export const ncftp: StockClient = {
  name: "ncftp",
  needs: ["ncftp", "ncftpget"],
  testedVersion: "3.2.6",
  askVersion: (directory) => runProgram("ncftpget", ["--version"], { directory }),
  modes: ["plain"],
  hasIpv6: false,
  operations: {
    list: ({ directory, host, folder, ...task }) =>
      runProgram("ncftpls", [...login(task), "-l", `ftp://${host}/${folder}/`], { directory }),
    get: (task) => get(task, []),
    put: (task) => put(task, []),
    "resume get": (task) => get(task, ["-z"]),
    "resume put": (task) => put(task, ["-z", "-s"]),
    "active get": (task) => get(task, ["-E"]),
    "active put": (task) => put(task, ["-E"]),
  },
  quirks: [
    "`ncftpput -z` sends the whole file behind the offset that it asked for, unless `-s` keeps it from `sendfile`.",
    "Leaves out the last semicolon of `MFF`, and goes on with `MFMT` where the time of creation cannot be set.",
  ],
};

function login({ user, password, port }: Pick<Task, "user" | "password" | "port">): readonly string[] {
  return ["-u", user, "-p", password, "-P", String(port), "-t", "15"];
}

function get(task: Task, words: readonly string[]): Promise<Outcome> {
  const { host, folder, remote, local, directory } = task;
  const all = [...login(task), "-V", ...words, host, dirname(local), `${folder}/${remote}`];
  return runProgram("ncftpget", all, { directory });
}

function put(task: Task, words: readonly string[]): Promise<Outcome> {
  const { host, folder, local, directory } = task;
  return runProgram("ncftpput", [...login(task), "-V", ...words, host, folder, local], { directory });
}
