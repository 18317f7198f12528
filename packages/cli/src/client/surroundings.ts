import type { Writable } from "node:stream";
import type { CommandContext } from "@stricli/core";
import type { ClientFlags } from "../client-flags.ts";
import type { DisplayOptions } from "../terminal/progress-display.ts";
import type { Drawing } from "../terminal/table.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { outputDrawing, progressOptions } from "./drawing.ts";
import type { KeptServer } from "./servers.ts";

/** What a command has around it: the process, or the shell that it was typed into. */
export interface Surroundings {
  /** Takes results, as fast as whoever reads there does. */
  readonly output: Writable;
  /** Writes text for a person. */
  tell(text: string): void;
  /** How a path on the server is written for a person; absent where as it is. */
  nameOf?(path: string): string;
  /** How to draw on `output`. */
  drawing(): Drawing;
  /** Where and how progress is shown. */
  progress(flags: ClientFlags): DisplayOptions;
  /** Gives up what is under way; absent where Ctrl-C does. */
  readonly signal?: AbortSignal;
  /** A server that is connected before the command and stays so behind it. */
  readonly kept?: KeptServer;
}

/** The context of a command that was typed into something else than the process's own command line. */
export interface SurroundedContext extends CommandContext {
  readonly surroundings: Surroundings;
}

export function surroundingsOf(context: CommandContext | SurroundedContext): Surroundings {
  return "surroundings" in context ? context.surroundings : ofProcess;
}

/** A path on the server as a person sees it. */
export function shownPath({ nameOf }: Surroundings, path: string): string {
  return visibleText(nameOf?.(path) ?? path);
}

const ofProcess: Surroundings = {
  get output() {
    return process.stdout;
  },
  tell: (text) => void process.stderr.write(text),
  drawing: outputDrawing,
  progress: progressOptions,
};
