import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Client, Entry, OnProgress } from "@sallyport/client";
import { isSallyportError, UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { exitCodes } from "../exit-codes.ts";
import { quotedName } from "../terminal/visible-text.ts";
import { ClientFailure } from "./client-failure.ts";
import { movedTo } from "./existing.ts";
import { isLocalDirectory, localChild, standardStream } from "./local-places.ts";
import { entryAt } from "./remote-entry.ts";
import { lastNameOf, placeFiles } from "./remote-files.ts";
import { expandRemote, literalText } from "./remote-glob.ts";
import { runOnServers, type ClientRun } from "./run.ts";
import type { RemotePlace } from "./servers.ts";
import { copyToOutput } from "./standard-output.ts";
import { runTransfers, type TransferJob } from "./transfers.ts";
import type { ClientFlags } from "../client-flags.ts";
import type { TransferFlags } from "../transfer-flags.ts";

export interface GetFlags extends ClientFlags, TransferFlags {
  readonly output?: string;
  readonly segments?: number;
}

/** `sallyport get`. */
export async function get(context: CommandContext, flags: GetFlags, urls: readonly string[]): Promise<void> {
  const misplaced = urls.slice(1).find((word) => isLocalWord(word));
  if (misplaced !== undefined) {
    throw new UsageError(
      "SALLYPORT_USAGE_OUTPUT",
      `${quotedName(misplaced)} is no URL: --output ${quotedName(misplaced)} says where the files go.`,
    );
  }
  await runOnServers(context, flags, { connectionsMax: flags.parallel * (flags.segments ?? 1) }, async (run) => {
    const jobs: TransferJob[] = [];
    const target = await targetOf(flags.output, urls.length > 1);
    for (const url of urls) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, as on the command line
        jobs.push(...(await jobsOf(await run.servers.open(url), target, run, flags)));
      } catch (error) {
        run.failed(error);
      }
    }
    const isStream = flags.output === standardStream;
    if (jobs.length > 0) {
      await runTransfers(run, jobs, {
        parallel: isStream ? 1 : flags.parallel,
        summary: isStream ? "stderr" : "stdout",
      });
    }
    return undefined;
  });
}

/** Whether a word looks like a local path, as other programs take it last, and not like a host that was named without a scheme. */
function isLocalWord(word: string): boolean {
  return /^\.{0,2}\/|^\.{1,2}$|^[\w-]+\/$|^[\w-]+\/[^@:]*$/.test(word) && !word.startsWith("localhost/");
}

/** Where files go: into a directory, under a name, or to standard output. */
type Target =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "output" };

async function targetOf(output: string | undefined, hasMany: boolean): Promise<Target> {
  if (output === standardStream) return { kind: "output" };
  if (output === undefined) return { kind: "directory", path: "." };
  const isDirectory = hasMany || output.endsWith("/") || (await isLocalDirectory(output));
  if (!isDirectory && !(await isLocalDirectory(dirname(output)))) {
    const message = `${quotedName(output)} cannot be written: there is no directory ${quotedName(dirname(output))}`;
    throw new ClientFailure({ code: "SALLYPORT_LOCAL_ENOENT", message, exitCode: exitCodes.cannotCreate }, undefined);
  }
  return { kind: isDirectory ? "directory" : "file", path: output };
}

async function jobsOf(
  place: RemotePlace,
  target: Target,
  run: ClientRun,
  flags: GetFlags,
): Promise<readonly TransferJob[]> {
  const { client, url } = place;
  const { signal } = run.servers;
  const paths = await expandRemote(client, place.path, signal);
  const isPattern = literalText(place.path) === undefined;
  if (isPattern && paths.length > 1 && target.kind === "file") {
    throw new UsageError(
      "SALLYPORT_USAGE_OUTPUT",
      "Several files match: give a directory as --output, with a slash behind it.",
    );
  }
  const jobs: TransferJob[] = [];
  for (const path of paths) {
    const mustAsk = isPattern || flags.recursive === true || url.isDirectory;
    // oxlint-disable-next-line no-await-in-loop -- one question after the other
    const entry = mustAsk ? await entryAt(client, path, signal) : undefined;
    if (entry?.type === "directory") {
      if (isPattern && flags.recursive !== true) continue;
      // oxlint-disable-next-line no-await-in-loop -- one tree after the other
      jobs.push(...(await treeJobs(client, path, { target, run, flags, isContent: url.isDirectory && !isPattern })));
      continue;
    }
    if (target.kind === "directory") {
      // oxlint-disable-next-line no-await-in-loop -- once
      await mkdir(target.path, { recursive: true });
    }
    jobs.push(fileJob(client, { path, entry, local: localOf(path, target) }, run, flags));
  }
  return jobs;
}

function localOf(path: string, target: Target): string {
  if (target.kind === "output") return standardStream;
  return target.kind === "file" ? target.path : localChild(target.path, lastNameOf(path));
}

interface TreeOptions {
  readonly target: Target;
  readonly run: ClientRun;
  readonly flags: GetFlags;
  /** Whether the content of the directory is meant and not the directory. */
  readonly isContent: boolean;
}

async function treeJobs(
  client: Client,
  path: string,
  { target, run, flags, isContent }: TreeOptions,
): Promise<readonly TransferJob[]> {
  if (flags.recursive !== true || target.kind === "output") {
    throw directoryNotAsked(path, target.kind === "output" ? "only files go to standard output" : undefined);
  }
  const name = lastNameOf(path);
  const base = isContent || name === "" ? target.path : localChild(target.path, name);
  const makeDirectory = (place: string): Promise<unknown> => mkdir(place, { recursive: true });
  const files = await placeFiles(client, path, base, { run, child: localChild, makeDirectory });
  return files.map(({ entry, place }) => fileJob(client, { path: entry.path, entry, local: place }, run, flags));
}

function directoryNotAsked(path: string, advice = "--recursive gets what is in it"): UsageError {
  const what = path === "" ? "The login directory" : quotedName(path);
  return new UsageError("SALLYPORT_USAGE_DIRECTORY", `${what} is a directory: ${advice}.`);
}

/** Servers refuse to send a directory in words of their own, so that it is looked at once more. */
async function isRefusedDirectory(refusal: unknown, client: Client, path: string, signal: AbortSignal) {
  if (!isSallyportError(refusal) || refusal.code !== "SALLYPORT_COMMAND_REFUSED") return false;
  try {
    return (await client.stat(path, { signal })).type === "directory";
  } catch {
    return false;
  }
}

interface FileToGet {
  readonly path: string;
  readonly entry: Entry | undefined;
  readonly local: string;
}

function fileJob(client: Client, { path, entry, local }: FileToGet, run: ClientRun, flags: GetFlags): TransferJob {
  const { signal } = run.servers;
  const totalBytes = entry?.size === undefined ? undefined : Number(entry.size);
  return {
    name: path,
    local,
    totalBytes,
    isProtected: client.tls !== undefined,
    keepsPart: flags.resume === true && local !== standardStream,
    async move(onProgress: OnProgress) {
      if (local === standardStream) {
        const { output } = run.surroundings;
        return {
          bytes: await copyToOutput(client, path, { output, signal, onProgress, total: totalBytes }),
          resumedFrom: 0,
        };
      }
      const { resume, segments, verify, preserveTimes: preserve, onExisting: onConflict } = flags;
      const wishes = { resume, segments, verify, preserve, onConflict };
      try {
        return await movedTo(local, client.download(path, local, { ...wishes, signal, onProgress }));
      } catch (error) {
        if (entry === undefined && (await isRefusedDirectory(error, client, path, signal)))
          throw directoryNotAsked(path);
        throw error;
      }
    },
  };
}
