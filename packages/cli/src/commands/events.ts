import { type ListedEntry, listOutbox } from "@sallyport/daemon/events";
import { escapeControls } from "@sallyport/protocol";
import { buildCommand, type CommandContext } from "@stricli/core";
import { commonFlags, type CommonFlags } from "../flags.ts";
import { openState } from "../state.ts";

export const eventsCommand = buildCommand({
  docs: {
    brief: "List the events that programs and webhooks have not been told of yet",
    fullDescription: [
      "Lists what waits in the state directory for the targets of serve --notify, oldest first, whether a server runs",
      "or not: when it happened, what, for whom, attempts so far, when it is due, the path, and why the last one failed.",
    ].join("\n"),
  },
  parameters: { flags: commonFlags },
  func(this: CommandContext, flags: CommonFlags) {
    const { stdout } = this.process;
    const state = openState(flags.state, { create: false });
    for (const entry of listOutbox(state.events)) stdout.write(flags.json === true ? jsonLine(entry) : textLine(entry));
  },
});

function jsonLine({ id, event, target, createdMs, dueMs, attempts, cause, document }: ListedEntry): string {
  const times = { created: isoTime(createdMs), due: isoTime(dueMs) };
  return `${JSON.stringify({ id, event, target, ...times, attempts, cause, document })}\n`;
}

function textLine({ event, target, createdMs, dueMs, attempts, cause, document }: ListedEntry): string {
  const { path, pathEncoded, user } = document;
  const about = [path ?? pathEncoded ?? user].filter((value) => typeof value === "string").map(escapeControls);
  const tried = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const failure = cause === null ? [] : [escapeControls(cause)];
  const columns = [isoTime(createdMs), event.padEnd(17), escapeControls(target), tried, `due ${isoTime(dueMs)}`];
  return `${[...columns, ...about, ...failure].join("  ")}\n`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
