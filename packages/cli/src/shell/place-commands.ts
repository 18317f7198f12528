import { stat } from "node:fs/promises";
import { ConfigError, UsageError } from "@sallyport/protocol";
import { buildCommand } from "@stricli/core";
import { clientFailure } from "../client/client-failure.ts";
import { expandRemote } from "../client/remote-glob.ts";
import { formatFtpUrl } from "@sallyport/client";
import { parseText } from "../flags.ts";
import { jsonText, quotedName, visibleText } from "../terminal/visible-text.ts";
import { securityRows } from "./security-rows.ts";
import { checkDirectory, connectionOf, groundOf, localWord } from "./place.ts";
import { remotePattern } from "./places.ts";
import { print, type ShellContext } from "./shell-context.ts";

const switchJson = { kind: "boolean", brief: "Write JSON", optional: true, withNegated: false } as const;

export const openCommand = buildCommand({
  docs: { brief: "Connect to a server and leave the one before; jobs go on there" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "ftp://, ftps:// or ftpes:// URL, or @BOOKMARK", placeholder: "URL", parse: parseText }],
    },
  },
  async func(this: ShellContext, _flags: object, url: string) {
    try {
      await this.shell.open(url, this.job);
    } catch (error) {
      throw clientFailure(error);
    }
  },
});

export const closeCommand = buildCommand({
  docs: { brief: "Leave the server; jobs go on there" },
  parameters: {},
  func(this: ShellContext) {
    connectionOf(this.job.place);
    this.job.place = { ...this.job.place, connection: undefined, directory: "", previous: "" };
  },
});

export const cdCommand = buildCommand({
  docs: { brief: "Change the directory on the server; without a word to where the login began, - back" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Path on the server", placeholder: "PATH", parse: parseText, optional: true }],
    },
  },
  async func(this: ShellContext, _flags: object, given?: string) {
    const word = given ?? "~";
    const { job } = this;
    const { client } = connectionOf(job.place);
    const { directory, previous } = job.place;
    const pattern = word === "-" ? previous : remotePattern(word, groundOf(job.place));
    try {
      const found = word === "-" ? [previous] : await expandRemote(client, pattern, job.signal);
      const [path = ""] = found;
      if (found.length > 1) {
        throw new UsageError(
          "SALLYPORT_USAGE_PATTERN",
          `${quotedName(pattern)} names ${found.length} places: name one.`,
        );
      }
      await checkDirectory(client, path, job.signal);
      job.place = { ...job.place, directory: path, previous: directory };
    } catch (error) {
      throw clientFailure(error, pattern);
    }
  },
});

export const lcdCommand = buildCommand({
  docs: { brief: "Change the local directory" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Local directory (default: home)", placeholder: "DIR", parse: parseText, optional: true }],
    },
  },
  async func(this: ShellContext, _flags: object, word?: string) {
    const path = localWord(word ?? "~", this.job.place);
    const localDirectory = path.length > 1 ? path.replace(/[/]+$/, "") : path;
    try {
      if (!(await stat(path)).isDirectory()) {
        throw new ConfigError("SALLYPORT_NOT_FOUND", `${quotedName(path)} is no directory`);
      }
    } catch (error) {
      throw clientFailure(error, path);
    }
    this.job.place = { ...this.job.place, localDirectory };
  },
});

export const pwdCommand = buildCommand({
  docs: { brief: "Print the directory on the server" },
  parameters: {},
  func(this: ShellContext) {
    connectionOf(this.job.place);
    const { directory } = this.job.place;
    print(this, directory === "" ? "." : visibleText(directory));
  },
});

export const lpwdCommand = buildCommand({
  docs: { brief: "Print the local directory" },
  parameters: {},
  func(this: ShellContext) {
    print(this, visibleText(this.job.place.localDirectory));
  },
});

export const statusCommand = buildCommand({
  docs: { brief: "Tell where you are connected, and how that is protected" },
  parameters: { flags: { json: switchJson } },
  func(this: ShellContext, { json }: { readonly json?: boolean }) {
    const { job, shell } = this;
    const { connection, directory, localDirectory } = job.place;
    const rows: readonly (readonly [label: string, value: string])[] = [
      ["server", connection === undefined ? "none" : formatFtpUrl({ ...connection.url, path: "", isDirectory: true })],
      ...(connection === undefined ? [] : securityRows(connection.client)),
      ...(connection === undefined ? [] : ([["directory", visibleText(directory === "" ? "." : directory)]] as const)),
      ["local directory", visibleText(localDirectory)],
      ["jobs", String(shell.jobs.running.length)],
      ["queue", `${shell.queue.waiting.length} waiting${shell.queue.isStopped ? ", stopped" : ""}`],
    ];
    if (json === true) print(this, jsonText(Object.fromEntries(rows)));
    else for (const [label, value] of rows) print(this, `${label.padEnd(16)} ${value}`);
  },
});
