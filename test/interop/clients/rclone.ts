import { type StockClient, type Task, urlHost } from "../peers/client.ts";
import { type Outcome, runProgram } from "../peers/program.ts";

export const rclone: StockClient = {
  name: "rclone",
  needs: ["rclone"],
  testedVersion: "1.60.1",
  askVersion: (directory) => runProgram("rclone", ["version"], { directory }),
  modes: ["plain", "explicit", "implicit"],
  hasIpv6: true,
  operations: {
    list: (task) => run(task, ["lsl", `:ftp:${task.folder}`]),
    get: (task) => run(task, ["copyto", remote(task), task.local]),
    put: (task) => run(task, ["copyto", task.local, remote(task)]),
  },
  lacksTls12: true,
  quirks: [
    "Offers TLS 1.2 without extended master secret (1.60 was built with Go 1.19) and so needs TLS 1.3.",
    "Lists the directory before and after an upload to see what came of it.",
    "Closes without waiting for the answer to `QUIT`.",
  ],
};

const modeWords = { plain: [], explicit: ["--ftp-explicit-tls"], implicit: ["--ftp-tls"] } as const;

function remote({ folder, remote: name }: Task): string {
  return `:ftp:${folder}/${name}`;
}

async function run(task: Task, words: readonly string[]): Promise<Outcome> {
  const { host, port, user, password, mode, caFile, directory } = task;
  obscured ??= runProgram("rclone", ["obscure", password], task);
  const server = ["--ftp-host", urlHost(host), "--ftp-port", String(port), "--ftp-user", user];
  const secret = ["--ftp-pass", (await obscured).stdout.trim()];
  return runProgram("rclone", ["--config", "/dev/null", ...server, ...secret, ...modeWords[mode], ...words], {
    directory,
    // The FTP back end of 1.60 does not look at --ca-cert.
    environment: { SSL_CERT_FILE: caFile },
  });
}

/** The password as rclone wants it on its command line; the same one every time. */
let obscured: Promise<Outcome> | undefined;
