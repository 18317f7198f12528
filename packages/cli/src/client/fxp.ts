import type { Client, Entry, FxpRoute, OnProgress } from "@sallyport/client";
import { isSallyportError, PeerViolation, UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { flagsFor, type FxpFlags, type Side } from "../fxp-flags.ts";
import { twoLinesOf } from "../password-input.ts";
import { quotedName, visibleText } from "../terminal/visible-text.ts";
import { ClientFailure, clientFailure } from "./client-failure.ts";
import { movedTo } from "./existing.ts";
import { namedPlace, type NamedPlace } from "./named-place.ts";
import { entryAt } from "./remote-entry.ts";
import { lastNameOf, placeFiles } from "./remote-files.ts";
import { childOf, expandRemote } from "./remote-glob.ts";
import { remoteTarget, type RemoteTarget } from "./remote-target.ts";
import { runOnServers, type ClientRun } from "./run.ts";
import type { OwnWishes, RemotePlace } from "./servers.ts";
import { runTransfers, type JobOutcome, type TransferJob } from "./transfers.ts";

/** `sallyport fxp`. */
export async function fxp(
  context: CommandContext,
  flags: FxpFlags,
  urls: Readonly<Record<Side, string>>,
): Promise<void> {
  // Two for a file where both places are on one server, and one to look how far the target is.
  await runOnServers(context, flags, { connectionsMax: 2 * flags.parallel + 1 }, async (run) => {
    const wishes = await wishesOf(flags, urls);
    const from = await openSide(run, urls.from, wishes.from);
    const to = await openSide(run, urls.to, wishes.to);
    const copies = new Copies({ from: from.client, to: to.client }, run, flags);
    const jobs = await copies.jobsOf(from, to);
    await runTransfers(run, jobs, { parallel: flags.parallel, summary: "stdout" });
    if (flags.json !== true && flags.quiet !== true) for (const route of copies.routes) run.print(route);
    return undefined;
  });
}

/** Connects to one of the servers; a failure says which of them it is about. */
async function openSide(run: ClientRun, url: string, wishes: OwnWishes): Promise<RemotePlace> {
  try {
    return await run.servers.open(url, wishes);
  } catch (error) {
    const failure = clientFailure(error);
    if (!(failure instanceof ClientFailure)) throw failure;
    const message = `${wishes.label === fromLabel ? "The source" : "The target"}: ${failure.message}`;
    const { code, exitCode, reply } = failure;
    throw new ClientFailure({ code, message, exitCode, ...(reply && { reply }) }, failure.cause);
  }
}

/** In front of the lines of the dialogues. */
const fromLabel = "from ";
const toLabel = "to   ";

/** What each server is told of passwords and trust. A password that is not said to be for both goes to one host alone. */
async function wishesOf(flags: FxpFlags, urls: Readonly<Record<Side, string>>): Promise<Record<Side, OwnWishes>> {
  const [from, to] = await Promise.all([serverPlace("FROM", urls.from), serverPlace("TO", urls.to)]);
  const common = from.url.host === to.url.host ? ["SALLYPORT_PASSWORD"] : [];
  let lines: Promise<readonly [string, string]> | undefined;
  const line = async (at: 0 | 1): Promise<string> => {
    lines ??= twoLinesOf(process.stdin);
    const found = (await lines)[at];
    if (found !== "") return found;
    const which = at === 0 ? "first" : "second";
    throw new UsageError(
      "SALLYPORT_USAGE_PASSWORD",
      `There is no ${which} password on standard input: write the source's there as a line, and the target's as another.`,
    );
  };
  return {
    from: {
      flags: flagsFor(flags, "from"),
      passwords: { variables: ["SALLYPORT_FROM_PASSWORD", ...common], line: () => line(0) },
      label: fromLabel,
    },
    to: {
      flags: flagsFor(flags, "to"),
      passwords: { variables: ["SALLYPORT_TO_PASSWORD", ...common], line: () => line(1) },
      label: toLabel,
    },
  };
}

/** Where a word leads; who gives a file of this machine is told which commands are for those. */
async function serverPlace(placeholder: "FROM" | "TO", text: string): Promise<NamedPlace> {
  try {
    return await namedPlace(text);
  } catch (error) {
    if (!isSallyportError(error) || error.code !== "SALLYPORT_URL_INVALID") throw error;
    const other =
      placeholder === "FROM" ? "sallyport put sends files of this machine" : "sallyport get brings files here";
    const message = `${placeholder} must be the URL of a server, as in ftpes://ftp.example.org/pub/ (${other}): ${error.message}`;
    throw new UsageError("SALLYPORT_URL_INVALID", message, { cause: error });
  }
}

class Copies {
  readonly #clients: Readonly<Record<Side, Client>>;
  readonly #run: ClientRun;
  readonly #flags: FxpFlags;
  readonly #routes = new Set<string>();

  constructor(clients: Readonly<Record<Side, Client>>, run: ClientRun, flags: FxpFlags) {
    this.#clients = clients;
    this.#run = run;
    this.#flags = flags;
  }

  /** How files went, in sentences, each once. */
  get routes(): Iterable<string> {
    return this.#routes;
  }

  async jobsOf(from: RemotePlace, to: RemotePlace): Promise<readonly TransferJob[]> {
    const { signal } = this.#run.servers;
    const paths = await expandRemote(from.client, from.path, signal);
    const isPattern = paths.length > 1 || paths[0] !== from.path;
    const entries = await Promise.all(paths.map((path) => entryAt(from.client, path, signal)));
    const mustBeDirectory = paths.length > 1 || entries.some(({ type }) => type === "directory");
    const target = await remoteTarget(to, { mustBeDirectory, signal });
    const jobs: TransferJob[] = [];
    for (const [at, path] of paths.entries()) {
      const entry = entries[at];
      if (entry?.type !== "directory") jobs.push(this.#job({ path, entry, to: placeOf(path, target) }));
      else if (!isPattern || this.#flags.recursive === true) {
        // oxlint-disable-next-line no-await-in-loop -- one tree after the other
        jobs.push(...(await this.#treeJobs(path, target.path, from.url.isDirectory && !isPattern)));
      }
    }
    return jobs;
  }

  async #treeJobs(path: string, directory: string, isContent: boolean): Promise<readonly TransferJob[]> {
    if (this.#flags.recursive !== true) {
      const shown = path === "" ? "The login directory" : quotedName(path);
      throw new UsageError("SALLYPORT_USAGE_DIRECTORY", `${shown} is a directory: --recursive copies what is in it.`);
    }
    const { signal } = this.#run.servers;
    const name = lastNameOf(path);
    const base = isContent || name === "" ? directory : childOf(directory, name);
    const makeDirectory = async (place: string): Promise<void> => {
      if (place !== "" && place !== "/") await this.#clients.to.makeDirectory(place, { recursive: true, signal });
    };
    const child = (parent: string, below: string): string => childOf(parent, safeName(below));
    const files = await placeFiles(this.#clients.from, path, base, { run: this.#run, child, makeDirectory });
    return files.map(({ entry, place }) => this.#job({ path: entry.path, entry, to: place }));
  }

  #job({
    path,
    entry,
    to,
  }: {
    readonly path: string;
    readonly entry: Entry | undefined;
    readonly to: string;
  }): TransferJob {
    const { from, to: other } = this.#clients;
    const { mode, clearData: clear, address: addresses, onExisting: onConflict, resume, verify } = this.#flags;
    const wishes = { mode, clear, addresses, onConflict, resume, verify, preserve: this.#flags.preserveTimes };
    const { signal } = this.#run.servers;
    return {
      name: path,
      local: to,
      isFxp: true,
      totalBytes: entry?.size === undefined ? undefined : Number(entry.size),
      isProtected: from.tls !== undefined && other.tls !== undefined && clear !== true,
      keepsPart: resume === true,
      move: async (onProgress: OnProgress): Promise<JobOutcome> => {
        const copied = await movedTo(to, from.fxp(path, other, to, { ...wishes, signal, onProgress }));
        if ("route" in copied && copied.route !== undefined) this.#routes.add(routeText(copied.route));
        return copied;
      },
    };
  }
}

function placeOf(path: string, { kind, path: target }: RemoteTarget): string {
  return kind === "file" ? target : childOf(target, lastNameOf(path));
}

/** A name from a listing that would lead elsewhere on the target is not followed (S-20). */
function safeName(name: string): string {
  if (name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name)) return name;
  throw new PeerViolation("SALLYPORT_NAME_UNSAFE", `${quotedName(name)} is no name that a file can have`);
}

function routeText(route: FxpRoute): string {
  if (route.kind === "relay") {
    const because = route.because.map((sentence) => visibleText(sentence)).join("; ");
    return because === "" ? "Through here." : `Through here. ${because}.`;
  }
  const { secure } = route;
  return secure === undefined
    ? "From server to server, in clear: everybody between them could read it."
    : `From server to server, under TLS by ${secure.by}.`;
}
