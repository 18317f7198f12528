import { readdir, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { bookmarkFile, bookmarkTitle, formatFtpUrl } from "@sallyport/client";
import { UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { commandFacts } from "../command-facts.ts";
import { endWith } from "../client/end-with.ts";
import { outputDrawing } from "../client/drawing.ts";
import { bookmarksPath, historyPath } from "../client/own-files.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { countText } from "../terminal/quantities.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { complete, type CompletionSources } from "./completion.ts";
import { History } from "./history.ts";
import { LineReader } from "./line-reader.ts";
import type { ListedName } from "./listing-cache.ts";
import { groundOf } from "./place.ts";
import { localPath, remotePath } from "./places.ts";
import { promptText } from "./prompt.ts";
import { Settings, settingTable } from "./settings.ts";
import { runCommand } from "./run-command.ts";
import { Shell } from "./shell.ts";
import { shellTable } from "./table.ts";
import { typedText } from "./words.ts";
import type { ClientFlags } from "../client-flags.ts";

export interface ShellFlags extends ClientFlags {
  readonly command?: readonly string[];
  readonly keepGoing?: boolean;
  readonly connections: number;
  readonly history: boolean;
}

/** `sallyport shell`. */
export async function runShell(context: CommandContext, flags: ShellFlags, url: string | undefined): Promise<void> {
  const { command: commands, keepGoing, connections, history: keepsHistory, ...clientFlags } = flags;
  const isInteractive = commands === undefined && process.stdin.isTTY && process.stdout.isTTY;
  if (clientFlags.passwordStdin === true && commands === undefined) {
    throw new UsageError(
      "SALLYPORT_USAGE_CONTRADICTION",
      "--password-stdin and commands on standard input contradict each other: give the commands with --command.",
    );
  }
  const settings = new Settings();
  settings.keepGoing = keepGoing === true;
  settings.verbose = clientFlags.verbose === true;
  settings.limitRate = clientFlags.limitRate;
  const history = await History.load(isInteractive && keepsHistory ? historyPath() : undefined);
  await using shell = new Shell({
    flags: clientFlags,
    isInteractive,
    settings,
    history,
    givenUrl: url,
    connectionsMax: connections,
    runCommand,
  });
  const opening = url === undefined ? undefined : `open ${typedText(url, "none")}`;
  const code = isInteractive
    ? await interact(shell, opening)
    : await runScript(
        shell,
        opening,
        commands === undefined ? linesOfInput() : commands.flatMap((one) => one.split("\n")),
      );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- exit accepts any number that a process can end with
  endWith(context, code as ExitCode);
}

/** Runs lines one after the other until one fails; returns the exit code of the first that did. */
async function runScript(
  shell: Shell,
  opening: string | undefined,
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<number> {
  let isInterrupted = false;
  const onInterrupt = (): void => {
    isInterrupted = true;
    shell.interrupt();
    shell.killAll();
  };
  process.on("SIGINT", onInterrupt);
  try {
    for await (const line of withOpening(opening, lines)) {
      const code = await shell.execute(line);
      shell.announce();
      const isFatal = code !== exitCodes.ok && (!shell.settings.keepGoing || line === opening);
      if (isFatal || isInterrupted || shell.leavingCode !== undefined) break;
    }
    await shell.settled();
    shell.announce();
  } finally {
    process.off("SIGINT", onInterrupt);
  }
  if (isInterrupted) return exitCodes.interrupted;
  return shell.leavingCode ?? shell.firstFailureCode ?? exitCodes.ok;
}

async function* withOpening(
  opening: string | undefined,
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<string> {
  if (opening !== undefined) yield opening;
  yield* lines;
}

/** Begins to read when it is first asked: lines that come before would be lost. */
async function* linesOfInput(): AsyncGenerator<string> {
  yield* createInterface({ input: process.stdin, crlfDelay: Infinity });
}

/** Talks with a person until they leave. */
async function interact(shell: Shell, opening: string | undefined): Promise<number> {
  const reader = new LineReader({
    history: () => shell.history.lines,
    complete: (beginning) => complete(beginning, sourcesOf(shell)),
    interruptHint: "Ctrl-D or exit leaves.",
  });
  shell.say = (line) => reader.interject(line);
  let isLeaving = false;
  const interrupt = (): void => (isLeaving ? shell.killAll() : shell.interrupt());
  process.on("SIGINT", interrupt);
  try {
    if (opening !== undefined) {
      const code = await suspendable(shell, opening);
      if (code !== exitCodes.ok) return code;
    }
    while (shell.leavingCode === undefined) {
      shell.announce();
      // oxlint-disable-next-line no-await-in-loop -- a dialogue
      const line = await reader.read(promptText(shell.place, outputDrawing()));
      if (line === undefined) {
        process.stdout.write("\n");
        break;
      }
      // oxlint-disable-next-line no-await-in-loop -- a dialogue
      await shell.history.add(line);
      // oxlint-disable-next-line no-await-in-loop -- a dialogue
      await suspendable(shell, line);
    }
    isLeaving = true;
    await leave(shell);
  } finally {
    process.off("SIGINT", interrupt);
  }
  return shell.leavingCode ?? exitCodes.ok;
}

/** Runs a line while Ctrl-Z means what runs, and not the shell. */
async function suspendable(shell: Shell, line: string): Promise<number> {
  // Windows has no such signal.
  if (process.platform === "win32") return shell.execute(line);
  const suspend = (): void => shell.suspend();
  process.on("SIGTSTP", suspend);
  try {
    return await shell.execute(line);
  } finally {
    process.off("SIGTSTP", suspend);
  }
}

/** Waits for what runs in the background, which Ctrl-C ends. */
async function leave(shell: Shell): Promise<void> {
  const { jobs, queue } = shell;
  shell.announce();
  if (queue.isStopped && queue.waiting.length > 0) {
    shell.say(`The queue is stopped: ${countText(queue.waiting.length, "entry is", "entries are")} left undone.`);
  }
  const count = jobs.running.length + (queue.isStopped ? 0 : queue.waiting.length);
  if (count === 0) return;
  const [what, them] = count === 1 ? ["a job", "it"] : [`${count} jobs`, "them"];
  shell.say(`Waiting for ${what} in the background; Ctrl-C ends ${them}.`);
  await shell.settled();
  shell.announce();
}

function sourcesOf(shell: Shell): CompletionSources {
  return {
    aliases: shell.aliases.keys(),
    aliasOf: (name) => shell.aliases.get(name),
    factsOf: async (name) => {
      const command = shellTable[name];
      if (command === undefined) throw new Error(`no command ${name}`);
      return commandFacts([], await command.load());
    },
    list: (where, directory) => (where === "remote" ? listRemote(shell, directory) : listLocal(shell, directory)),
    settings: () => Object.fromEntries(Object.entries(settingTable).map(([name, { choices }]) => [name, choices])),
    servers: async () => {
      const bookmarks = await bookmarkFile(bookmarksPath()).list();
      return bookmarks.map((bookmark) => `@${bookmarkTitle(bookmark)}`).filter((title) => visibleText(title) === title);
    },
  };
}

async function listRemote({ place, listings }: Shell, directory: string): Promise<readonly ListedName[]> {
  const { connection } = place;
  if (connection === undefined) return [];
  const path = remotePath(directory, groundOf(place));
  return listings.list(connection.client, formatFtpUrl({ ...connection.url, path: "", isDirectory: true }), path);
}

async function listLocal({ place }: Shell, directory: string): Promise<readonly ListedName[]> {
  const path = localPath(directory, place.localDirectory);
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return Promise.all(
    entries.map(async (entry) => {
      const meant = entry.isSymbolicLink() ? await stat(join(path, entry.name)).catch(() => entry) : entry;
      const isDirectory = meant.isDirectory();
      return { name: entry.name, isDirectory, leadsOn: isDirectory };
    }),
  );
}
