import { buildCommand, type CommandContext } from "@stricli/core";
import { clientFlags } from "../client-flags.ts";
import { parseCount, parseText, switchFlag } from "../flags.ts";
import type { ShellFlags } from "../shell/run-shell.ts";

export const shellCommand = buildCommand({
  docs: {
    brief: "Work on a server interactively, with completion, jobs in the background and a queue",
    fullDescription: [
      "Connects to the server, if a URL or a bookmark is given, and does what is typed: help lists the commands. Tab completes",
      "commands, flags and paths on both sides, & behind a command runs it in the background, Ctrl-C gives up the command that",
      "runs and Ctrl-Z puts it into the background.",
      "",
      "Commands on standard input or in --command are run without a prompt; the first that fails ends the shell with its exit",
      "code, unless --keep-going.",
      "",
      "  sallyport shell ftpes://alice@ftp.example.org/www",
      "  sallyport shell @work --command 'cd in && mget *.csv'",
      "",
      "--json is handed on to every command.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "ftp://, ftps:// or ftpes://[USER@]HOST[:PORT]/PATH to open, or @BOOKMARK",
          placeholder: "URL",
          parse: parseText,
          optional: true,
        },
      ],
    },
    flags: {
      command: {
        kind: "parsed",
        parse: parseText,
        brief: "Run these commands and end",
        placeholder: "COMMANDS",
        optional: true,
        variadic: true,
      },
      keepGoing: switchFlag("Go on behind a command that fails; the exit code is that of the first"),
      connections: {
        kind: "parsed",
        parse: parseCount,
        brief: "Control connections to one server, which transfers and jobs share",
        placeholder: "N",
        default: "8",
      },
      history: { kind: "boolean", brief: "Remember what is typed, without passwords", default: true },
      ...clientFlags,
    },
    aliases: { c: "command" },
  },
  async func(this: CommandContext, flags: ShellFlags, url?: string) {
    const { runShell } = await import("../shell/run-shell.ts");
    await runShell(this, flags, url);
  },
});
