import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Operation, Perform, StockClient } from "../peers/client.ts";
import { type ProgramOptions, runProgram } from "../peers/program.ts";

// Debian's own: a tester's PATH may have another one first.
const debianPython = "/usr/bin/python3";
const python = existsSync(debianPython) ? debianPython : "python3";

export const ftplib: StockClient = {
  name: "Python ftplib",
  needs: ["python3"],
  testedVersion: "3.11.2",
  askVersion: (directory) => runProgram(python, ["--version"], { directory }),
  modes: ["plain", "explicit", "implicit"],
  hasIpv6: true,
  operations: everyOperation(python, "python-ftplib.py"),
  quirks: [
    "Never resumes TLS: each data connection makes a full handshake.",
    "Has no implicit mode; the subclass that its users write for it is tested.",
  ],
};

export const perl: StockClient = {
  name: "Perl Net::FTP",
  needs: ["perl", "perl-tls"],
  testedVersion: "3.14",
  askVersion: (directory) => runProgram("perl", ["-MNet::FTP", "-e", "print $Net::FTP::VERSION"], { directory }),
  modes: ["plain", "explicit", "implicit"],
  hasIpv6: true,
  operations: everyOperation("perl", "net-ftp.pl"),
  quirks: [],
};

export const ruby: StockClient = {
  name: "Ruby net-ftp",
  needs: ["ruby"],
  testedVersion: "0.1.4",
  askVersion: (directory) => runProgram("ruby", ["-rnet/ftp", "-e", "puts Net::FTP::VERSION"], { directory }),
  modes: ["plain", "explicit"],
  hasIpv6: true,
  operations: everyOperation("ruby", "net-ftp.rb"),
  quirks: ["Resumes uploads with `SIZE` and `APPE`."],
};

export const php: StockClient = {
  name: "PHP ftp",
  needs: ["php"],
  testedVersion: "8.2",
  askVersion: (directory) => runProgram("php", ["--version"], { directory }),
  modes: ["plain", "explicit"],
  hasIpv6: true,
  operations: everyOperation("php", "ftp.php"),
  quirks: ["Verifies no certificate.", "Sends `PASV` once, before `CWD`, `TYPE`, `SIZE` and `REST`."],
};

/** The script gets the whole task and finds its operation in it. */
function everyOperation(program: string, script: string): Record<Operation, Perform> {
  const path = fileURLToPath(new URL(`../programs/${script}`, import.meta.url));
  const act: Perform = (task) => runProgram(program, [path, JSON.stringify(task)], optionsOf(task));
  return {
    ...{ list: act, get: act, put: act, "resume get": act, "resume put": act, "active get": act, "active put": act },
  };
}

function optionsOf({ directory }: ProgramOptions): ProgramOptions {
  return { directory };
}
