import { startDelayProxy } from "@sallyport/testing";
import { join } from "node:path";
import { Field, measureFigure } from "../comparison/comparison.ts";
import { conditionsOf } from "../comparison/conditions.ts";
import { type Contender, missingFor, type PeerName } from "../comparison/contenders.ts";
import { type Ground, makeDiskGround, makeGround, type Sizes } from "../comparison/ground.ts";
import { type Figure, progressText, type Results } from "../comparison/report.ts";
import { spread } from "../comparison/rounds.ts";
import {
  type ClientName,
  type ClientSite,
  missingRival,
  type RivalName,
  rivalNames,
  rivalVersion,
} from "./programs.ts";
import { clientTargets } from "./targets.ts";
import { type ClientScene, type ClientWorkload, farDelayMs } from "./workloads.ts";

export interface ClientComparisonOptions {
  readonly workloads: readonly ClientWorkload[];
  readonly pairs: number;
  readonly sizes: Sizes;
  readonly foreignCoresMost: number;
  /** An opponent that takes longer for a run is asked less often. */
  readonly slowSeconds: number;
  /** After it a run has failed. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Told what is going on, a line at a time. */
  readonly onProgress: (line: string) => void;
}

/** Compares our command with clients of others, at servers that are started and ended here. */
export async function compareClients(options: ClientComparisonOptions): Promise<Results> {
  const { signal, workloads, sizes, onProgress } = options;
  const rivals = rivalNames.filter((name) => missingRival(name) === false);
  const versions = await Promise.all(rivals.map(async (name) => [name, await rivalVersion(name)] as const));
  using ground = makeGround(sizes);
  const passiveFirst = randomPort();
  await using field = new Field({ ground, workers: 1, passiveFirst, diskGround: () => makeDiskGround(sizes) });
  await using wire = startDelayProxy({ delayMs: farDelayMs, host: farHost });
  const figures: Figure[] = [];
  const foreign: number[] = [];
  const notes: string[] = rivalNames.filter((name) => !rivals.includes(name)).map((name) => `left out: ${name}`);
  let source = "nothing measured";
  for (const workload of workloads) {
    const { server: name, isFar } = workload;
    if (name !== "sallyport" && missingFor(name) !== false) {
      notes.push(`left out: ${workload.name}, ${missingFor(name)}`);
      continue;
    }
    const against = workload.against.filter((client) => rivals.includes(client as RivalName));
    const started = performance.now();
    const found = await field.with(name, false, async (server) => {
      const site = isFar ? await farSite(wire, server, passiveFirst) : siteOf(server, "127.0.0.1");
      const folder = join(server.ground.directory, "fetched");
      const scene: ClientScene = { ...options, server, site, folder, onSource: (now) => (source = now) };
      const run = async (client: ClientName) => {
        const sample = await workload.measure(scene, client);
        foreign.push(sample.foreignCores);
        return sample;
      };
      return await measureFigure({ ...workload, against }, run, { ...options, targets: clientTargets });
    });
    figures.push(found);
    onProgress(`${progressText(found)} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
    if (signal.aborted) break;
  }
  return {
    conditions: conditionsOf({
      ...options,
      ...ground,
      peers: serversOf(workloads),
      workers: 1,
      suite: "the suite that client and server agree on",
      processorTimeFrom: source,
      foreignCores: spread(foreign),
      ours: "our command, our server and basic-ftp",
      theirs: "the rest with what the system has",
      versions: Object.fromEntries(versions),
    }),
    figures,
    notes,
  };
}

const farHost = "127.0.0.2";
const passiveCount = 100;

function serversOf(workloads: readonly ClientWorkload[]): readonly PeerName[] {
  const names = new Set(workloads.map(({ server }) => server));
  return [...names].filter((name) => name !== "sallyport" && missingFor(name) === false) as readonly PeerName[];
}

function siteOf({ port, ground }: Pick<Contender, "port"> & { readonly ground: Ground }, host: string): ClientSite {
  const caFile = join(ground.certificates, "ca.pem");
  return { host, port, caFile, state: join(ground.directory, "client-state") };
}

/** The same ports on another address of this machine, with the wire in between. */
async function farSite(
  wire: ReturnType<typeof startDelayProxy>,
  server: Contender,
  first: number,
): Promise<ClientSite> {
  const ports = [server.port, ...Array.from({ length: passiveCount }, (_, at) => first + at)];
  await Promise.all(ports.map((port) => wire.portTo(port, { same: true })));
  return siteOf(server, farHost);
}

/** Start of a range below the ports that Linux gives out by itself. */
function randomPort(): number {
  return 20_000 + passiveCount * Math.floor(Math.random() * 120);
}
