import { isUrlFailure, parseFtpUrl, type Client } from "@sallyport/client";
import { ConfigError, isSallyportError, UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import type { ClientFlags } from "../client-flags.ts";
import { exitCodes } from "../exit-codes.ts";
import { quotedName, visibleText } from "../terminal/visible-text.ts";
import { ClientFailure, refusalReply } from "./client-failure.ts";
import { eachPath } from "./each-path.ts";
import { childOf } from "./remote-glob.ts";
import { runOnServers, type ClientRun } from "./run.ts";
import type { RemotePlace } from "./servers.ts";

export interface MvFlags extends ClientFlags {
  readonly noOverwrite?: boolean;
}

export interface MkdirFlags extends ClientFlags {
  readonly parents?: boolean;
}

export interface RmFlags extends ClientFlags {
  readonly recursive?: boolean;
  readonly dryRun?: boolean;
}

/** `sallyport rm`. */
export async function rm(context: CommandContext, flags: RmFlags, urls: readonly string[]): Promise<void> {
  await runOnServers(context, flags, {}, async (run) => {
    await eachPath(run, urls, async ({ client, path }) => {
      if (path === "" || path === "/") {
        throw new UsageError(
          "SALLYPORT_USAGE_ROOT",
          "The root and the login directory stay: name what is in them, as in /*.",
        );
      }
      const isDry = flags.dryRun === true;
      if (isDry) await client.stat(path, { signal: run.servers.signal });
      else await removeOne(client, path, run, flags);
      tell(
        run,
        `${isDry ? "Would remove" : "Removed"} ${visibleText(path)}.`,
        isDry ? { wouldRemove: path } : { removed: path },
      );
    });
    return undefined;
  });
}

async function removeOne(client: Client, path: string, run: ClientRun, flags: RmFlags): Promise<void> {
  const { signal } = run.servers;
  const recursive = flags.recursive === true;
  try {
    await client.remove(path, { recursive, signal });
  } catch (error) {
    if (recursive || refusalReply(error) === undefined || !(await isRemoteDirectory(client, path, signal))) throw error;
    const message = `${quotedName(path)} is a directory: --recursive removes it with all that is in it`;
    throw new ClientFailure({ code: "SALLYPORT_NOT_EMPTY", message, exitCode: exitCodes.cannotCreate }, error);
  }
}

/** Removes directories that are empty, and nothing else. */
export async function rmdir(context: CommandContext, flags: ClientFlags, urls: readonly string[]): Promise<void> {
  await runOnServers(context, flags, {}, async (run) => {
    const { signal } = run.servers;
    await eachPath(run, urls, async ({ client, path }) => {
      const { type } = await client.stat(path, { signal });
      if (type !== "directory") {
        throw new ConfigError("SALLYPORT_NOT_FOUND", `${quotedName(path)} is no directory`);
      }
      await client.remove(path, { signal });
      tell(run, `Removed ${visibleText(path)}.`, { removed: path });
    });
    return undefined;
  });
}

/** `sallyport mkdir`. */
export async function mkdir(context: CommandContext, flags: MkdirFlags, urls: readonly string[]): Promise<void> {
  await runOnServers(context, flags, {}, async (run) => {
    for (const url of urls) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, as on the command line
        const { client, path } = await run.servers.open(url);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await client.makeDirectory(path, { recursive: flags.parents === true, signal: run.servers.signal });
        run.done();
        tell(run, `Made ${visibleText(path)}.`, { made: path });
      } catch (error) {
        run.failed(error);
      }
    }
    return undefined;
  });
}

/** `sallyport chmod`: the first word is the mode. */
export async function chmod(context: CommandContext, flags: ClientFlags, words: readonly string[]): Promise<void> {
  const [text = "", ...urls] = words;
  if (!/^0?[0-7]{3,4}$/.test(text)) {
    throw new UsageError(
      "SALLYPORT_USAGE_MODE",
      `MODE takes permission bits in octal, as in 640, not "${visibleText(text)}".`,
    );
  }
  const mode = Number.parseInt(text, 8);
  const octal = mode.toString(8).padStart(4, "0");
  await runOnServers(context, flags, {}, async (run) => {
    await eachPath(run, urls, async ({ client, path }) => {
      await client.chmod(path, mode, { signal: run.servers.signal });
      tell(run, `Set ${visibleText(path)} to ${octal}.`, { path, mode: octal });
    });
    return undefined;
  });
}

/** `sallyport mv`: the last word is where to. */
export async function mv(context: CommandContext, flags: MvFlags, words: readonly string[]): Promise<void> {
  const urls = words.slice(0, -1);
  const target = words.at(-1) ?? "";
  await runOnServers(context, flags, {}, async (run) => {
    const [first = ""] = urls;
    const { client, url } = await run.servers.open(first);
    const { path, isDirectory } = targetOf(target, url);
    const intoDirectory = isDirectory || urls.length > 1 || (await isRemoteDirectory(client, path, run.servers.signal));
    await eachPath(run, urls, async (place) => {
      if (place.client !== client) throw otherServer();
      const to = intoDirectory ? childOf(path, place.path.slice(place.path.lastIndexOf("/") + 1)) : path;
      if (flags.noOverwrite === true && (await client.exists(to, { signal: run.servers.signal }))) {
        run.say(`Left ${visibleText(place.path)}: ${visibleText(to)} exists.`);
        return;
      }
      await client.rename(place.path, to, { signal: run.servers.signal });
      tell(run, `Moved ${visibleText(place.path)} to ${visibleText(to)}.`, { from: place.path, to });
    });
    return undefined;
  });
}

function targetOf(
  target: string,
  source: RemotePlace["url"],
): { readonly path: string; readonly isDirectory: boolean } {
  if (!/^[a-z]+:\/\//i.test(target)) {
    const path = target.length > 1 ? target.replace(/\/+$/, "") : target;
    return { path, isDirectory: target.endsWith("/") };
  }
  const url = parseFtpUrl(target);
  if (isUrlFailure(url)) throw new UsageError("SALLYPORT_URL_INVALID", url.failure);
  if (url.host !== source.host || url.port !== source.port || (url.user ?? source.user) !== source.user)
    throw otherServer();
  return url;
}

function otherServer(): UsageError {
  return new UsageError("SALLYPORT_USAGE_TARGET", "mv moves within one server as one user: the target names another.");
}

async function isRemoteDirectory(client: Client, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await client.stat(path, { signal })).type === "directory";
  } catch (error) {
    if (isSallyportError(error) && error.code === "SALLYPORT_COMMAND_REFUSED") return false;
    throw error;
  }
}

function tell(run: ClientRun, text: string, json: object): void {
  if (run.flags.json === true) run.printJson(json);
  else if (run.flags.quiet !== true) run.print(text);
}
