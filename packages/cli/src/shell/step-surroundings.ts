import { outputDrawing, progressOptions } from "../client/drawing.ts";
import type { Surroundings } from "../client/surroundings.ts";
import { visibleText } from "../terminal/visible-text.ts";
import type { Job } from "./jobs.ts";
import { nameIn } from "./places.ts";
import type { OpenSink } from "./sink.ts";

/** On its own command line the program speaks, here the command does. */
export function saidBy(command: string, text: string): string {
  return text.replace(/^sallyport: /, `${visibleText(command)}: `);
}

/** What a one-shot command finds around it when it is called in the shell. */
export function surroundingsOfStep({
  job,
  command,
  sink,
}: {
  readonly job: Job;
  readonly command: string;
  readonly sink: OpenSink | undefined;
}): Surroundings {
  const { output } = job;
  const { connection, directory } = job.place;
  const tell = (text: string): void => void output.err.write(saidBy(command, text));
  return {
    output: sink?.stream ?? output.out,
    tell,
    nameOf: (path) => nameIn(path, directory),
    drawing: () =>
      sink === undefined ? outputDrawing() : { ...outputDrawing(), colour: false, width: Number.POSITIVE_INFINITY },
    progress: (flags) => ({ ...progressOptions(flags), isShown: () => output.isShown, write: tell }),
    signal: job.signal,
    ...(connection !== undefined && { kept: connection }),
  };
}
