import { freePorts } from "../free-ports.ts";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A server of another vendor that runs on 127.0.0.1 in a folder of its own until it is disposed. */
export interface Peer extends AsyncDisposable {
  readonly host: string;
  readonly explicitPort: number;
  /** Absent where the server has no implicit mode. */
  readonly implicitPort?: number;
  readonly user: string;
  readonly password: string;
  /** The authority that signed its certificate, which is for localhost and 127.0.0.1. */
  readonly caFile: string;
  /** The user's files: hello.txt, random.bin, crlf.txt, names with spaces and letters, sub/deep/file, a link. */
  readonly home: string;
  /** Holds its configuration and logs. */
  readonly directory: string;
}

export interface PeerStart {
  /** Name of the starter in test/peers, without `.sh`. */
  readonly starter: string;
  readonly hasImplicit: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly tuning?: PeerTuning;
}

/** Starts a peer for a benchmark, with the settings that test/peers/common.sh names for it. */
export interface PeerTuning {
  /** Where the folder of its own is made. Default: that of temporary files. */
  readonly parent: string;
  /** The folder to serve, whose files are the caller's. */
  readonly home: string;
  /** Holds ca.pem, cert.pem, key.pem and both.pem. */
  readonly certificates: string;
  /** First of the hundred ports that Pure-FTPd takes data connections on. Default: any. */
  readonly passiveFirst?: number;
}

const run = promisify(execFile);
const starters = fileURLToPath(new URL("../../../../test/peers/", import.meta.url));
const startMs = 30_000;

/**
 * Starts a peer by its script in test/peers and returns when its ports answer.
 *
 * @throws {Error} with what the script printed, when the server is missing or does not come up
 */
export async function startPeer({ starter, hasImplicit, environment, tuning }: PeerStart): Promise<Peer> {
  const directory = await mkdtemp(join(tuning?.parent ?? tmpdir(), `sallyport-${starter}-`));
  const [explicitPort, implicitPort] = await freePorts();
  const stop = async (): Promise<void> => {
    await run(join(starters, "stop.sh"), [directory]);
    await rm(directory, { recursive: true, force: true });
  };
  const ports = hasImplicit ? [explicitPort, implicitPort] : [explicitPort];
  try {
    await run(join(starters, `${starter}.sh`), [directory, ...ports.map(String)], {
      env: {
        ...process.env,
        PASSIVE_FIRST: String(randomPassivePort()),
        ...environment,
        ...tuningEnvironment(tuning),
      },
      timeout: startMs,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host: "127.0.0.1",
    explicitPort,
    ...(hasImplicit ? { implicitPort } : {}),
    user: "alice",
    password: "secret",
    caFile: join(directory, "certs/ca.pem"),
    home: tuning?.home ?? join(directory, "home"),
    directory,
    [Symbol.asyncDispose]: stop,
  };
}

function tuningEnvironment(tuning: PeerTuning | undefined): Readonly<Record<string, string>> {
  if (tuning === undefined) return {};
  const { home, certificates, passiveFirst = "" } = tuning;
  return {
    PEER_TUNED: "1",
    PEER_HOME: home,
    PEER_CERTIFICATES: certificates,
    PEER_PASSIVE_FIRST: String(passiveFirst),
  };
}

/** Start of a range of 100 ports below those that Linux gives out by itself, so that peers side by side do not meet. */
function randomPassivePort(): number {
  return 20_000 + 100 * Math.floor(Math.random() * 120);
}
