import { needs, sallyportCommand } from "@sallyport/testing";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

/** What a client is asked to do, at a server of which it knows nothing yet. */
export type ClientJob =
  | { readonly kind: "get" | "put"; readonly remote: string; readonly local: string; readonly streams: number }
  | {
      readonly kind: "fetch-tree" | "send-tree";
      readonly remote: string;
      readonly local: string;
      /** The names in it, for a client that lists no trees. */
      readonly names: string;
      readonly streams: number;
    }
  /** The file goes to standard output. */
  | { readonly kind: "print"; readonly remote: string }
  | { readonly kind: "list"; readonly remote: string };

export interface ClientSite {
  readonly host: string;
  readonly port: number;
  readonly caFile: string;
  /** Where a client may leave what it remembers. */
  readonly state: string;
}

export interface ClientCommand {
  readonly program: string;
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Clients of others, in the order of the tables. */
export const rivalNames = ["curl", "lftp", "rclone", "basic-ftp"] as const;
export type RivalName = (typeof rivalNames)[number];
export type ClientName = "sallyport" | RivalName;

/** Why this machine cannot run a client, or false. */
export function missingRival(name: RivalName): string | false {
  return name === "basic-ftp" ? false : needs(name);
}

/** The command that has a client do a job, over explicit TLS with the certificate checked; undefined where it cannot. */
export function commandOf(name: ClientName, job: ClientJob, site: ClientSite): ClientCommand | undefined {
  return commands[name](job, site);
}

/** Asks the programs for their versions, and rclone for the password as it wants it. */
export async function rivalVersion(name: RivalName): Promise<string> {
  if (name === "basic-ftp") {
    const { version } = JSON.parse(readFileSync(`${root}node_modules/basic-ftp/package.json`, "utf8")) as {
      version: string;
    };
    return `${version} on Node ${process.version}`;
  }
  const { stdout } = await run(name, [name === "rclone" ? "version" : "--version"]);
  if (name === "rclone") obscured = (await run("rclone", ["obscure", password])).stdout.trim();
  return /\d+\.\d+(?:\.\d+)?/.exec(stdout)?.[0] ?? "unknown";
}

const run = promisify(execFile);
const root = new URL("../../", import.meta.url).pathname;
const [user, password] = ["alice", "secret"];
let obscured = "";

type Commander = (job: ClientJob, site: ClientSite) => ClientCommand | undefined;

const commands: Readonly<Record<ClientName, Commander>> = {
  sallyport: sallyportOf,
  curl: curlOf,
  lftp: lftpOf,
  rclone: rcloneOf,
  "basic-ftp": basicFtpOf,
};

function sallyportOf(job: ClientJob, { host, port, caFile, state }: ClientSite): ClientCommand {
  const url = `ftpes://${user}@${host}:${port}/${job.remote}`;
  const common = ["--ca", caFile, "--state", state, "--quiet"];
  const parallel = (count: number) => ["--parallel", String(count)];
  const words = (): readonly string[] => {
    switch (job.kind) {
      case "get":
        return ["get", url, "--output", job.local, ...(job.streams > 1 ? ["--segments", String(job.streams)] : [])];
      case "put":
        return ["put", job.local, url];
      case "fetch-tree":
        return ["mirror", url, job.local, ...parallel(job.streams)];
      case "send-tree":
        return ["mirror", job.local, url, ...parallel(job.streams)];
      case "print":
        return ["cat", url];
      case "list":
        return ["ls", url];
    }
  };
  return { program: sallyportCommand, words: [...words(), ...common], environment: { SALLYPORT_PASSWORD: password } };
}

function curlOf(job: ClientJob, { host, port, caFile }: ClientSite): ClientCommand | undefined {
  const url = `ftp://${host}:${port}/${job.remote}`;
  const common = ["-sS", "--ssl-reqd", "--cacert", caFile, "-u", `${user}:${password}`];
  const words = (): readonly string[] | undefined => {
    switch (job.kind) {
      case "get":
        return job.streams > 1 ? undefined : [url, "-o", job.local];
      case "put":
        return ["-T", job.local, url];
      case "print":
      case "list":
        return [url];
      case "fetch-tree":
        return [
          "-Z",
          "--parallel-max",
          String(job.streams),
          `${url}/${job.names}`,
          "-o",
          `${job.local}/#1`,
          "--create-dirs",
        ];
      case "send-tree":
        return undefined;
    }
  };
  const given = words();
  return given && { program: "curl", words: [...common, ...given] };
}

function lftpOf(job: ClientJob, { host, port, caFile }: ClientSite): ClientCommand {
  const settings = [
    `set ssl:ca-file ${caFile}`,
    ...["ftp:ssl-force yes", "ftp:ssl-protect-data yes", "ftp:prefer-epsv yes", "cmd:fail-exit yes"].map(
      (it) => `set ${it}`,
    ),
    `open -u ${user},${password} ftp://${host}:${port}`,
  ];
  const command = (): string => {
    switch (job.kind) {
      case "get":
        return `${job.streams > 1 ? `pget -n ${job.streams}` : "get"} ${job.remote} -o ${job.local}`;
      case "put":
        return `put ${job.local} -o ${job.remote}`;
      case "fetch-tree":
        return `mirror --parallel=${job.streams} ${job.remote} ${job.local}`;
      case "send-tree":
        return `mirror -R --parallel=${job.streams} ${job.local} ${job.remote}`;
      case "print":
        return `cat ${job.remote}`;
      case "list":
        return `ls ${job.remote}`;
    }
  };
  return { program: "lftp", words: ["--norc", "-c", [...settings, command()].join("; ")] };
}

function rcloneOf(job: ClientJob, { host, port, caFile }: ClientSite): ClientCommand {
  const server = ["--ftp-host", host, "--ftp-port", String(port), "--ftp-user", user, "--ftp-pass", obscured];
  // As many connections as it is to use, and no more to wait for.
  const common = ["--config", "/dev/null", "--ftp-explicit-tls", "--retries", "1", ...server];
  const remote = `:ftp:${job.remote}`;
  const words = (): readonly string[] => {
    switch (job.kind) {
      case "get":
        return ["copyto", remote, job.local, "--multi-thread-streams", String(job.streams)];
      case "put":
        return ["copyto", job.local, remote];
      case "fetch-tree":
        return ["copy", remote, job.local, "--transfers", String(job.streams), "--checkers", String(job.streams)];
      case "send-tree":
        return ["copy", job.local, remote, "--transfers", String(job.streams), "--checkers", String(job.streams)];
      case "print":
        return ["cat", remote];
      case "list":
        return ["lsl", remote];
    }
  };
  // The FTP back end of 1.60 does not look at --ca-cert.
  return { program: "rclone", words: [...words(), ...common], environment: { SSL_CERT_FILE: caFile } };
}

function basicFtpOf(job: ClientJob, site: ClientSite): ClientCommand | undefined {
  if (job.kind === "get" && job.streams > 1) return undefined;
  const script = new URL("basic-ftp-client.ts", import.meta.url).pathname;
  return { program: process.execPath, words: [script, JSON.stringify({ ...site, user, password, job })] };
}
