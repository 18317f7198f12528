import type { Command, CommandContext, RouteMap } from "@stricli/core";

export type CommandTarget = Command<CommandContext> | RouteMap<CommandContext>;

/** A command as a table of commands has it. */
export interface CommandRow {
  readonly brief: string;
  load(): Promise<CommandTarget>;
}
