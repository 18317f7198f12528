import {
  findProgram,
  needs,
  type Peer,
  peerNeeds,
  type PeerTuning,
  startProftpd,
  startPureFtpd,
  startPyftpdlib,
  startVsftpd,
} from "@sallyport/testing";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Ground, makeUploads } from "./ground.ts";
import { meterProcesses, type ProcessMeter } from "./processes.ts";
import { type Programs, startProgram } from "./program.ts";
import { type AccountHash, type PreloadName, startSallyport } from "./sallyport.ts";

/** A server that runs and is measured. */
export interface Contender extends AsyncDisposable {
  readonly name: ContenderName;
  readonly port: number;
  readonly meter: ProcessMeter;
  /** What it serves. */
  readonly ground: Ground;
  /** Folder that is its own to upload to, with a slash behind it. */
  readonly uploads: string;
}

/** What contenders are started on. */
export interface StartContext {
  readonly ground: Ground;
  /** Files on a disk, for those who are compared by that. */
  readonly diskGround: () => Ground;
  /** Where {@link startContender} is asked for the bound. */
  readonly programs?: Programs;
  /** Processes of our server, where it can have several. */
  readonly workers: number;
  /** See {@link PeerTuning}. */
  readonly passiveFirst?: number;
}

/** Servers of others, in the order of the tables. */
export const peerNames = ["pure-ftpd", "vsftpd", "proftpd", "pyftpdlib"] as const;
export type PeerName = (typeof peerNames)[number];

/** Our server as it is, and what it is with other options or conditions. */
const ownVariants = {
  sallyport: {},
  "sallyport, plain allowed": { options: ["--require-tls", "none"] },
  "sallyport, many connections": { options: ["--max-connections", "4000", "--max-per-host", "4000"] },
  "sallyport, MD5-crypt": { hash: "md5-crypt" },
  "sallyport, argon2id": { hash: "argon2id" },
  "sallyport, endings unwatched": { preloads: ["unwatched-endings"] },
  "sallyport, endings by public API": { preloads: ["public-endings"] },
  "sallyport --data-resumption off": { options: ["--data-resumption", "off"] },
  "sallyport on a disk": { onDisk: true },
  "sallyport --durable on a disk": { onDisk: true, options: ["--durable"] },
} as const satisfies Readonly<Record<string, OwnVariant>>;
export type OwnName = keyof typeof ownVariants;

interface OwnVariant {
  readonly options?: readonly string[];
  readonly hash?: AccountHash;
  /** Of bench/comparison/preload. */
  readonly preloads?: readonly PreloadName[];
  /** Serves files on the disk instead of in memory. */
  readonly onDisk?: true;
}

export type ContenderName = OwnName | PeerName | "bound";

/** Starts a contender; it stands alone, with an upload folder and a meter of its own. */
export async function startContender(name: ContenderName, context: StartContext): Promise<Contender> {
  const ground = isOnDisk(name) ? context.diskGround() : context.ground;
  const uploads = makeUploads(ground, name.replaceAll(/[^a-z0-9]+/g, "-"));
  const server = await start(name, { ...context, ground });
  const meter = meterProcesses(server.roots);
  return {
    name,
    port: server.port,
    meter,
    ground,
    uploads,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await endOf(meter);
      meter[Symbol.dispose]();
    },
  };
}

/** Ends what a server has left behind, and waits until it is gone. */
async function endOf(meter: ProcessMeter): Promise<void> {
  for (let left = 40; left > 0 && meter.processes().length > 0; left--) {
    for (const id of meter.processes()) endProcess(id);
    await sleep(50);
  }
}

function endProcess(id: number): void {
  try {
    process.kill(id, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Why this machine cannot run a peer, or false. */
export function missingFor(name: PeerName): string | false {
  return needs(...needsOf[name]);
}

/** What Debian calls the version of a peer, as far as the machine tells. */
export function versionOf(name: PeerName): string {
  if (name === "pyftpdlib") return pythonVersion("pyftpdlib");
  const program = findProgram(name);
  if (program === undefined) return "absent";
  return versionPatterns[name].exec(readFileSync(program, "latin1"))?.[1] ?? "unknown";
}

function pythonVersion(library: string): string {
  const pattern = new RegExp(`^${library}-(.*?)\\.(?:dist|egg)-info$`);
  const versions = readdirSync("/usr/lib/python3/dist-packages").map((entry) => pattern.exec(entry)?.[1]);
  return versions.find((version) => version !== undefined) ?? "unknown";
}

const needsOf: Readonly<Record<PeerName, readonly string[]>> = {
  "pure-ftpd": peerNeeds.pureFtpd,
  vsftpd: peerNeeds.vsftpd,
  proftpd: peerNeeds.proftpd,
  pyftpdlib: peerNeeds.pyftpdlib,
};

const versionPatterns: Readonly<Record<Exclude<PeerName, "pyftpdlib">, RegExp>> = {
  "pure-ftpd": /pure-ftpd v?(\d+\.\d+\.\d+)/i,
  vsftpd: /vsftpd: version (\d+\.\d+\.\d+)/,
  proftpd: /(1\.3\.\d+[a-z]?)/,
};

interface Started {
  readonly port: number;
  readonly roots: readonly number[];
  stop(): Promise<void>;
}

const peerStarters: Readonly<Record<PeerName, (tuning: PeerTuning) => Promise<Peer>>> = {
  "pure-ftpd": (tuning) => startPureFtpd({ tuning }),
  vsftpd: (tuning) => startVsftpd({ options: ["require_ssl_reuse=NO"], tuning }),
  proftpd: (tuning) => startProftpd({ tlsOptions: ["NoSessionReuseRequired"], tuning }),
  pyftpdlib: (tuning) => startPyftpdlib({ tuning }),
};

function start(name: ContenderName, context: StartContext): Promise<Started> {
  if (name === "bound") return startBound(context);
  return isPeer(name) ? startPeer(name, context) : startOwn(name, context);
}

function isPeer(name: string): name is PeerName {
  return (peerNames as readonly string[]).includes(name);
}

function isOnDisk(name: ContenderName): boolean {
  return Object.hasOwn(ownVariants, name) && variantOf(name as OwnName).onDisk === true;
}

function variantOf(name: OwnName): OwnVariant {
  return ownVariants[name];
}

function startOwn(name: OwnName, { ground, workers }: StartContext): Promise<Started> {
  const { options = [], preloads = [], hash = "sha1" } = variantOf(name);
  return startSallyport({ ground, workers, options, hash, preloads });
}

async function startPeer(name: PeerName, { ground, passiveFirst }: StartContext): Promise<Started> {
  const { directory: parent, home, certificates } = ground;
  const tuning = { parent, home, certificates, ...(passiveFirst !== undefined && { passiveFirst }) };
  const peer = await peerStarters[name](tuning);
  const roots = readdirSync(peer.directory)
    .filter((file) => file.endsWith(".pid") && !file.endsWith("-own.pid"))
    .map((file) => Number(readFileSync(join(peer.directory, file), "utf8")));
  return { port: peer.explicitPort, roots, stop: async () => await peer[Symbol.asyncDispose]() };
}

async function startBound({ ground, programs }: StartContext): Promise<Started> {
  if (programs === undefined) throw new Error("the bound was not compiled");
  const files = ["cert.pem", "key.pem"].map((name) => join(ground.certificates, name));
  const child = startProgram(programs.bound, [...files, ground.home]);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const port = Number(value);
  if (!(port > 0) || child.pid === undefined) throw new Error("the bound did not start");
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { port, roots: [child.pid], stop };
}
