import type { Command, RouteMap } from "@stricli/core";
import type { SurroundedContext } from "../client/surroundings.ts";
import type { Job } from "./jobs.ts";
import type { Shell } from "./shell.ts";

/** What a command of the shell is given. */
export interface ShellContext extends SurroundedContext {
  readonly shell: Shell;
  readonly job: Job;
  readonly commands: ShellCommands;
}

/** The commands that there are. */
export interface ShellCommands {
  readonly table: Readonly<Record<string, ShellCommand>>;
  /** By its name or one of its aliases. */
  named(name: string): NamedCommand | undefined;
}

export interface NamedCommand {
  /** As it stands in the table. */
  readonly name: string;
  readonly command: ShellCommand;
}

export type ShellTarget = Command<ShellContext> | RouteMap<ShellContext>;

/** What a word of a command can be completed to. */
export type WordKind =
  | "remote"
  | "remote-directory"
  | "local"
  | "local-directory"
  | "command"
  | "setting"
  | "value"
  | "server"
  | "nothing";

/** One command of the shell. */
export interface ShellCommand {
  readonly brief: string;
  readonly aliases?: readonly string[];
  /** Whether it may change what directories list; default yes. */
  readonly changes?: boolean;
  /** Whether quotes have no meaning of their own in its words: it takes no patterns. */
  readonly isPlain?: boolean;
  /** Of the words, by their place; the last holds for those behind it. */
  readonly words: readonly WordKind[];
  /** Flags with which the words stand the other way round. */
  readonly turnedBy?: readonly string[];
  /** Of the values of flags. */
  readonly flags?: Readonly<Record<string, WordKind>>;
  load(): Promise<ShellTarget>;
}

/** Writes a line of a result. */
export function print(context: ShellContext, line: string): void {
  context.process.stdout.write(`${line}\n`);
}
