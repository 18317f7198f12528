import type { TlsMode } from "../model/index.ts";
import { judgeTrials, type ClientReport } from "./client-report.ts";
import type { TrialIdentities } from "./identities.ts";
import { TrialServer } from "./trial-server.ts";
import { trialFile } from "./trial-data.ts";
import type { ProgramEnd, Trial, TrialFacts } from "./trial.ts";
import { isSound, trials } from "./trials.ts";

/** Where a client is to go for one trial, and as whom. */
export interface TrialVisit {
  /** Counted from 1. */
  readonly number: number;
  readonly total: number;
  readonly mode: TlsMode;
  readonly host: string;
  readonly port: number;
  /** `ftp:` for explicit TLS, `ftps:` for implicit; the directory that the file is in. */
  readonly url: string;
  readonly file: string;
  readonly user: string;
  readonly password: string;
}

export interface TryClientOptions {
  /** How the client is called in the report. */
  readonly client: string;
  readonly identities: TrialIdentities;
  /** Address to listen on. */
  readonly listen: string;
  /** Name or address that the client shall use, for which the certificate of the authority is good. */
  readonly host: string;
  readonly ports: Readonly<Record<TlsMode, number>>;
  /** Names of the only trials to play beside the sound servers; default: all. */
  readonly only?: readonly string[];
  /** Starts the client for one trial and tells how it ended; without, somebody starts it by hand. */
  readonly launch?: (visit: TrialVisit) => Promise<ProgramEnd | undefined>;
  /** Told before each trial. */
  readonly onVisit?: (visit: TrialVisit) => void;
  /** Longest wait for a client that somebody starts by hand. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

/** Who logs in to the trials; any name and password get in. */
export const trialAccount = { user: "trial", password: "trial-Passw0rd" } as const;

/**
 * Grades an FTP client: listens in both modes, plays one server after another to it, sound and faulty ones, and judges what
 * the client did. A password that comes is looked at no further than that it came.
 *
 * @throws the system's error where a port is taken; the reason of `signal` when that aborts.
 */
export async function tryClient(options: TryClientOptions): Promise<ClientReport> {
  const { client, identities, listen, host, ports, launch } = options;
  const signal = options.signal ?? new AbortController().signal;
  const startedAt = new Date();
  const startedMs = performance.now();
  await using server = await TrialServer.start(listen, ports, identities);
  const played = new Map<Trial["script"], TrialFacts>();
  const rows = trials.filter((trial) => isSound(trial) || (options.only?.includes(trial.name) ?? true));
  const scripts = [...new Set(rows.map(({ script }) => script))];
  for (const [at, script] of scripts.entries()) {
    signal.throwIfAborted();
    const { mode } = script;
    const port = server.ports[mode];
    const url = `${mode === "implicit" ? "ftps" : "ftp"}://${host.includes(":") ? `[${host}]` : host}:${port}/`;
    const place = { mode, host, port, url, file: trialFile.name, ...trialAccount };
    const visit: TrialVisit = { number: at + 1, total: scripts.length, ...place };
    server.begin(script);
    options.onVisit?.(visit);
    const program = await launch?.(visit);
    if (launch === undefined) {
      await server.visited({ quietMs, deadlineMs: options.patienceMs ?? patienceMs, signal });
    }
    played.set(script, { ...server.end(), program });
  }
  return judgeTrials(played, {
    client,
    startedAt: startedAt.toISOString(),
    tookMs: Math.round(performance.now() - startedMs),
  });
}

/** Clients that try again by themselves do so within this time. */
const quietMs = 1500;
const patienceMs = 120_000;
