import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  type Client,
  fileSystemPath,
  localNameRules,
  nameOfLocal,
  type OnProgress,
  remoteName,
} from "@sallyport/client";
import { UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { quotedName, visibleText } from "../terminal/visible-text.ts";
import { clientFailure } from "./client-failure.ts";
import { movedTo } from "./existing.ts";
import { standardStream } from "./local-places.ts";
import { childOf } from "./remote-glob.ts";
import { remoteTarget, type RemoteTarget } from "./remote-target.ts";
import { runOnServers, type ClientRun } from "./run.ts";
import { runTransfers, type TransferJob } from "./transfers.ts";
import type { ClientFlags } from "../client-flags.ts";
import type { TransferFlags } from "../transfer-flags.ts";

export interface PutFlags extends ClientFlags, TransferFlags {}

/** `sallyport put`: the last word is the URL. */
export async function put(context: CommandContext, flags: PutFlags, words: readonly string[]): Promise<void> {
  const sources = words.slice(0, -1);
  const url = words.at(-1) ?? "";
  if (sources.length === 0) {
    throw new UsageError("SALLYPORT_USAGE_WORDS", "URL is missing: name the files first and then where they go.");
  }
  await runOnServers(context, flags, { connectionsMax: flags.parallel }, async (run) => {
    const jobs: TransferJob[] = [];
    const kinds = await Promise.all(sources.map((source) => kindOf(source)));
    if (flags.recursive !== true) demandFiles(sources, kinds);
    const place = await run.servers.open(url);
    const mustBeDirectory = sources.length > 1 || kinds.includes("directory");
    if (kinds.includes("input") && (mustBeDirectory || place.url.isDirectory)) throw namelessInput();
    const target = await remoteTarget(place, { mustBeDirectory, signal: run.servers.signal });
    for (const [at, source] of sources.entries()) {
      try {
        const kind = kinds[at];
        const jobsHere =
          kind === "directory"
            ? // oxlint-disable-next-line no-await-in-loop -- one tree after the other
              await treeJobs(source, { client: place.client, directory: target.path, run, flags })
            : [fileJob({ source, client: place.client, path: pathOf(source, target) }, run, flags)];
        jobs.push(...jobsHere);
      } catch (error) {
        run.failed(error, source);
      }
    }
    if (jobs.length > 0) await runTransfers(run, jobs, { parallel: flags.parallel, summary: "stdout" });
    return undefined;
  });
}

type SourceKind = "file" | "directory" | "input";

async function kindOf(source: string): Promise<SourceKind> {
  if (source === standardStream) return "input";
  try {
    return (await stat(source)).isDirectory() ? "directory" : "file";
  } catch (error) {
    throw clientFailure(error, source);
  }
}

/** A refused command line changes nothing, so this comes before a connection. */
function demandFiles(sources: readonly string[], kinds: readonly SourceKind[]): void {
  const directory = sources.find((_, at) => kinds[at] === "directory");
  if (directory === undefined) return;
  throw new UsageError(
    "SALLYPORT_USAGE_DIRECTORY",
    `${quotedName(directory)} is a directory: --recursive puts what is in it.`,
  );
}

function namelessInput(): UsageError {
  return new UsageError(
    "SALLYPORT_USAGE_DIRECTORY",
    "What comes from standard input needs a name: put it behind the URL's directory.",
  );
}

function pathOf(source: string, { kind, path }: RemoteTarget): string {
  if (kind === "file") return path;
  if (source === standardStream) throw namelessInput();
  return childOf(path, nameOf(source));
}

function nameOf(source: string): string {
  return remoteName(basename(resolve(source)), localNameRules());
}

interface TreeOptions {
  readonly client: Client;
  readonly directory: string;
  readonly run: ClientRun;
  readonly flags: PutFlags;
}

/** A directory with a slash at its end gives its content. */
async function treeJobs(
  source: string,
  { client, directory, run, flags }: TreeOptions,
): Promise<readonly TransferJob[]> {
  const { signal } = run.servers;
  const isContent = source.endsWith("/") || basename(source) === "." || basename(source) === "..";
  const base = isContent ? directory : childOf(directory, nameOf(source));
  const jobs: TransferJob[] = [];
  const left = [{ local: source, path: base }];
  for (let place = left.shift(); place !== undefined; place = left.shift()) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- parents before children
      if (place.path !== "" && place.path !== "/") await client.makeDirectory(place.path, { recursive: true, signal });
      // oxlint-disable-next-line no-await-in-loop -- one directory after the other
      for (const { local, name, kind } of await childrenOf(place.local)) {
        const path = childOf(place.path, remoteName(name, localNameRules()));
        if (kind === "directory") left.push({ local, path });
        else if (kind === "file") jobs.push(fileJob({ source: local, client, path }, run, flags));
        else run.say(`Left out ${visibleText(local)}: it is ${kind}.`);
      }
    } catch (error) {
      // The rest of the tree goes all the same.
      run.failed(error, place.local);
    }
  }
  return jobs;
}

interface LocalChild {
  readonly local: string;
  readonly name: string;
  readonly kind: LocalKind;
}

/** Names are octets here, too: those that are no UTF-8 keep theirs. */
async function childrenOf(directory: string): Promise<readonly LocalChild[]> {
  const names = (await readdir(fileSystemPath(directory), { encoding: "buffer" })).map(nameOfLocal).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const local = join(directory, name);
      // Of what cannot be looked at, opening it says why.
      return { local, name, kind: await localKind(local).catch(() => "file" as const) };
    }),
  );
}

type LocalKind = "file" | "directory" | "a link to a directory" | "no file";

/** Links to files give the files; links to directories may lead round in circles. */
async function localKind(path: string): Promise<LocalKind> {
  const octets = fileSystemPath(path);
  const own = await lstat(octets);
  if (own.isDirectory()) return "directory";
  const meant = own.isSymbolicLink() ? await stat(octets).catch(() => own) : own;
  if (meant.isDirectory()) return "a link to a directory";
  return meant.isFile() ? "file" : "no file";
}

interface FileToPut {
  readonly source: string;
  readonly client: Client;
  readonly path: string;
}

function fileJob({ source, client, path }: FileToPut, run: ClientRun, flags: PutFlags): TransferJob {
  const { signal } = run.servers;
  return {
    name: path,
    local: source,
    isProtected: client.tls !== undefined,
    keepsPart: flags.resume === true && source !== standardStream,
    async move(onProgress: OnProgress) {
      if (source === standardStream) {
        const { bytes } = await client.write(path, process.stdin, { signal, onProgress });
        return { bytes, resumedFrom: 0 };
      }
      const { resume, verify, preserveTimes: preserve, onExisting: onConflict } = flags;
      const wishes = { resume, verify, preserve, onConflict };
      return movedTo(path, client.upload(source, path, { ...wishes, signal, onProgress }));
    },
  };
}
