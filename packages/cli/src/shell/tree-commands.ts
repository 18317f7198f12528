import { buildCommand } from "@stricli/core";
import { parseText, switchFlag } from "../flags.ts";
import { patternUrl } from "./place.ts";
import type { ShellContext } from "./shell-context.ts";
import { plainText } from "./words.ts";

const paths = {
  kind: "array",
  parameter: {
    brief: "Paths on the server (default: the directory where you are)",
    placeholder: "PATH",
    parse: parseText,
  },
} as const;

interface FindShellFlags {
  readonly name?: string;
  readonly type?: "file" | "directory" | "link";
  readonly json?: boolean;
}

export const findCommand = buildCommand({
  docs: { brief: "List all that lies below directories, by name and type" },
  parameters: {
    positional: paths,
    flags: {
      name: {
        kind: "parsed",
        parse: (text: string) => parseText(plainText(text)),
        brief: "Pattern that names have to match; quote it or not",
        placeholder: "GLOB",
        optional: true,
      },
      type: { kind: "enum", values: ["file", "directory", "link"], brief: "What it has to be", optional: true },
      json: switchFlag("Write JSON"),
    },
  },
  async func(this: ShellContext, flags: FindShellFlags, ...words: string[]) {
    const { find } = await import("../client/find.ts");
    await find(this, { ...this.shell.commandFlags, ...flags }, urlsOf(words, this));
  },
});

interface DuShellFlags {
  readonly bytes?: boolean;
  readonly depth: number;
  readonly json?: boolean;
}

export const duCommand = buildCommand({
  docs: { brief: "Tell how much lies in directories, by the sizes that the server lists" },
  parameters: {
    positional: paths,
    flags: {
      bytes: switchFlag("Write sizes as exact numbers of octets"),
      depth: { kind: "parsed", parse: parseDepth, brief: "Levels to tell of", placeholder: "N", default: "1" },
      json: switchFlag("Write JSON"),
    },
  },
  async func(this: ShellContext, flags: DuShellFlags, ...words: string[]) {
    const { diskUse } = await import("../client/disk-use.ts");
    await diskUse(this, { ...this.shell.commandFlags, ...flags }, urlsOf(words, this));
  },
});

export const rmdirCommand = buildCommand({
  docs: { brief: "Remove empty directories" },
  parameters: { positional: { ...paths, minimum: 1, parameter: { ...paths.parameter, brief: "Paths on the server" } } },
  async func(this: ShellContext, _flags: object, ...words: string[]) {
    const { rmdir } = await import("../client/changes.ts");
    await rmdir(this, this.shell.commandFlags, urlsOf(words, this));
  },
});

function urlsOf(words: readonly string[], { job }: ShellContext): readonly string[] {
  return (words.length === 0 ? ["."] : words).map((word) => patternUrl(word, job.place));
}

function parseDepth(text: string): number {
  const depth = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(depth)) throw new Error("a whole number from 0 to 999");
  return depth;
}
