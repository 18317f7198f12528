// The clients of the BSD family, whose commands are typed, and gFTP's terminal client, which resembles them.
import { type StockClient, type Task, urlHost } from "../peers/client.ts";
import { type Outcome, runProgram } from "../peers/program.ts";

export const tnftp: StockClient = {
  name: "tnftp",
  needs: ["tnftp"],
  testedVersion: "20210827",
  askVersion: (directory) => runProgram("dpkg-query", ["-W", "-f=${Version}", "tnftp"], { directory }),
  modes: ["plain"],
  hasIpv6: true,
  operations: {
    list: (task) => type("tnftp", ["-nd"], task, `dir ${task.folder}`),
    get: (task) => type("tnftp", ["-n"], task, `get ${path(task)} ${task.local}`),
    put: (task) => type("tnftp", ["-n"], task, `put ${task.local} ${path(task)}`),
    "resume get": (task) => type("tnftp", ["-n"], task, `reget ${path(task)} ${task.local}`),
    "resume put": (task) => type("tnftp", ["-n"], task, restartedPut(task)),
    "active get": (task) => type("tnftp", ["-nA"], task, `get ${path(task)} ${task.local}`),
    "active put": (task) => type("tnftp", ["-nA"], task, `put ${task.local} ${path(task)}`),
  },
  quirks: [],
};

export const inetutilsFtp: StockClient = {
  name: "inetutils-ftp",
  needs: ["inetutils-ftp"],
  testedVersion: "2.4",
  askVersion: (directory) => runProgram("inetutils-ftp", ["--version"], { directory }),
  modes: ["plain"],
  hasIpv6: true,
  operations: {
    list: (task) => type("inetutils-ftp", ["-np"], task, `ls ${task.folder}`),
    get: (task) => type("inetutils-ftp", ["-np"], task, `get ${path(task)} ${task.local}`),
    put: (task) => type("inetutils-ftp", ["-np"], task, `put ${task.local} ${path(task)}`),
    "resume get": (task) => type("inetutils-ftp", ["-np"], task, `reget ${path(task)} ${task.local}`),
    "resume put": (task) => type("inetutils-ftp", ["-np"], task, restartedPut(task)),
    "active get": (task) => type("inetutils-ftp", ["-nA"], task, `get ${path(task)} ${task.local}`),
    "active put": (task) => type("inetutils-ftp", ["-nA"], task, `put ${task.local} ${path(task)}`),
  },
  quirks: ["Sends `SYST` before `USER`."],
};

export const ftpSsl: StockClient = {
  name: "ftp-ssl",
  needs: ["ftp-ssl"],
  testedVersion: "0.17",
  askVersion: (directory) => runProgram("dpkg-query", ["-W", "-f=${Version}", "ftp-ssl"], { directory }),
  modes: ["plain", "explicit"],
  hasIpv6: true,
  closesUncleanly: true,
  operations: {
    list: (task) => type("ftp-ssl", ["-np", ...ftpSslWords[task.mode]], task, `ls ${task.folder}`),
    get: (task) => type("ftp-ssl", ["-np", ...ftpSslWords[task.mode]], task, `get ${path(task)} ${task.local}`),
    put: (task) => type("ftp-ssl", ["-np", ...ftpSslWords[task.mode]], task, `put ${task.local} ${path(task)}`),
    "resume get": (task) =>
      type("ftp-ssl", ["-np", ...ftpSslWords[task.mode]], task, `reget ${path(task)} ${task.local}`),
    "resume put": (task) => type("ftp-ssl", ["-np", ...ftpSslWords[task.mode]], task, restartedPut(task)),
    "active get": (task) => type("ftp-ssl", ["-n", ...ftpSslWords[task.mode]], task, `get ${path(task)} ${task.local}`),
    "active put": (task) => type("ftp-ssl", ["-n", ...ftpSslWords[task.mode]], task, `put ${task.local} ${path(task)}`),
  },
  quirks: [
    "Sends `PBSZ` and `PROT` before `USER`.",
    "Sends no close_notify: its uploads need `--unclean-data-close accept`. Of a `426` it says nothing without `-v`.",
  ],
};

export const gftp: StockClient = {
  name: "gftp-text",
  needs: ["gftp-text"],
  testedVersion: "2.9.1",
  askVersion: (directory) => runProgram("gftp-text", ["--version"], { directory }),
  modes: ["plain", "explicit", "implicit"],
  hasIpv6: false,
  operations: {
    list: (task) => typeToGftp(task, "ls"),
    get: (task) => typeToGftp(task, `get ${task.remote}`),
    put: (task) => typeToGftp(task, `put ${task.remote}`),
    // It resumes of itself where the beginning of the file is there.
    "resume get": (task) => typeToGftp(task, `get ${task.remote}`),
    "resume put": (task) => typeToGftp(task, `put ${task.remote}`),
  },
  quirks: [
    "Sends `PBSZ` and `PROT` before `USER`; closes without `QUIT`.",
    "Takes no IPv6 address in a URL; hosts by name only.",
    "Uses `EPSV` also where its passive mode is switched off.",
  ],
};

function restartedPut(task: Task): string {
  return `restart ${task.presentBytes}\nput ${task.local} ${path(task)}`;
}

/** It asks for TLS wherever it may. */
const ftpSslWords = { plain: ["-z", "nossl"], explicit: [], implicit: [] } as const;

function path({ folder, remote }: Task): string {
  return `${folder}/${remote}`;
}

function type(program: string, options: readonly string[], task: Task, command: string): Promise<Outcome> {
  const { host, port, user, password, directory } = task;
  const input = [`user ${user} ${password}`, "binary", command, "quit", ""].join("\n");
  return runProgram(program, [...options, host, String(port)], { directory, input });
}

const gftpSchemes = { plain: "ftp", explicit: "ftps", implicit: "ftpsi" } as const;

function typeToGftp(task: Task, command: string): Promise<Outcome> {
  const { host, port, user, password, mode, directory } = task;
  const url = `${gftpSchemes[mode]}://${user}:${password}@${urlHost(host)}:${port}/`;
  return runProgram("gftp-text", [], {
    directory,
    input: [`open ${url}`, `cd ${task.folder}`, command, "quit", ""].join("\n"),
  });
}
