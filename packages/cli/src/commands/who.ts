import { setTimeout as pause } from "node:timers/promises";
import { askServer } from "@sallyport/daemon/admin";
import { terminalSettings } from "@sallyport/inspector";
import type { ConnectionStatus } from "@sallyport/server";
import { buildCommand, type CommandContext } from "@stricli/core";
import { commonFlags, switchFlag, type CommonFlags } from "../flags.ts";
import { openState } from "../state.ts";
import { whoJson, whoTable } from "../who-table.ts";

interface WhoFlags extends CommonFlags {
  readonly watch?: boolean;
}

const watchMs = 2000;

export const whoCommand = buildCommand({
  docs: {
    brief: "Show who is connected to the running server, and what they do",
    fullDescription: [
      "Asks the server that runs on the state directory, as its user or as root. The mark before CONTROL and before a",
      "transfer tells whether somebody on the wire can read it (open) or not (full).",
      "",
      "Exit codes: 0 shown, also where nobody is connected, 69 no server runs there, 77 this user may not ask.",
    ].join("\n"),
  },
  parameters: {
    flags: { watch: switchFlag("Show it again every two seconds until Ctrl-C"), ...commonFlags },
  },
  async func(this: CommandContext, flags: WhoFlags) {
    const state = openState(flags.state, { create: false });
    const shown = flags.json === true ? jsonLine : table;
    for (;;) {
      const { connections } = await askServer(state, { ask: "list" });
      this.process.stdout.write((flags.watch === true ? clearScreen(flags) : "") + shown(connections));
      if (flags.watch !== true) return;
      await pause(watchMs);
    }
  },
});

function jsonLine(connections: readonly ConnectionStatus[]): string {
  return `${JSON.stringify(whoJson(connections))}\n`;
}

function table(connections: readonly ConnectionStatus[]): string {
  const { isTTY: isTerminal, columns } = process.stdout;
  const settings = terminalSettings({ isTerminal, columns, environment: process.env });
  // A file has no edge.
  const width = isTerminal || process.env["COLUMNS"] !== undefined ? settings.width : Number.POSITIVE_INFINITY;
  const lines = whoTable(connections, { glyphs: "unicode", ...settings, width, nowMs: Date.now() });
  return `${lines.join("\n")}\n`;
}

/** Puts the next picture over the last one, on a terminal. */
function clearScreen({ json }: WhoFlags): string {
  return process.stdout.isTTY && json !== true ? "\u001b[H\u001b[2J" : "";
}
