import { ConfigError } from "@sallyport/protocol";
import { buildCommand, buildRouteMap, type CommandContext } from "@stricli/core";
import {
  emptyLayer,
  problemLine,
  readConfiguration,
  requireConfiguration,
  sampleFile,
  shownSettings,
  shownText,
} from "@sallyport/daemon/config";
import { parseText, switchFlag } from "../flags.ts";

interface OutputFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

const outputFlags = {
  json: switchFlag("Write JSON"),
  verbose: switchFlag("Show more: the stack of an error"),
} as const;

const fileParameter = {
  kind: "tuple",
  parameters: [{ brief: "The configuration file", placeholder: "FILE", parse: parseText, optional: true }],
} as const;

const check = buildCommand({
  docs: {
    brief: "Check a configuration file and the environment",
    fullDescription: [
      "Lists everything that is wrong with FILE and with the variables SALLYPORT_SERVE_…, a line each that begins with",
      "file, line and column, and ends with 0 where there is nothing and with 78 where there is something. Looks at the",
      "settings alone: whether the files, users and programs that they name are there is said when the server starts.",
    ].join("\n"),
  },
  parameters: { positional: fileParameter, flags: outputFlags },
  func(this: CommandContext, { json = false }: OutputFlags, file?: string) {
    const { configuration, problems } = readConfiguration(sources(file));
    const name = configuration.file ?? "The environment";
    if (json) this.process.stdout.write(`${JSON.stringify({ file: configuration.file ?? null, problems })}\n`);
    else
      this.process.stdout.write(
        problems.map((problem) => `${problemLine(problem)}.\n`).join("") || `${name} is in order.\n`,
      );
    if (problems.length === 0) return;
    const count = problems.length === 1 ? "one fault" : `${problems.length} faults`;
    throw new ConfigError(
      "SALLYPORT_CONFIG_SETTING",
      `The configuration has ${count}; a server would not start with it.`,
    );
  },
});

const show = buildCommand({
  docs: {
    brief: "Show every setting in effect, and where it comes from",
    fullDescription:
      "Shows what FILE, the environment and the defaults come to. Flags of serve are not known here; they win over all.",
  },
  parameters: { positional: fileParameter, flags: outputFlags },
  func(this: CommandContext, { json = false }: OutputFlags, file?: string) {
    const rows = shownSettings(requireConfiguration(sources(file)));
    this.process.stdout.write(json ? `${JSON.stringify(rows)}\n` : shownText(rows));
  },
});

const init = buildCommand({
  docs: {
    brief: "Write a configuration file with every setting as a comment",
    fullDescription:
      "Writes to standard output what a configuration file can say: every setting with its meaning and its default.",
  },
  parameters: { flags: outputFlags },
  func(this: CommandContext) {
    this.process.stdout.write(sampleFile());
  },
});

export const configCommands = buildRouteMap({
  routes: { check, show, init },
  docs: { brief: "Check, show and begin a server's configuration" },
});

function sources(file: string | undefined) {
  return { ...(file !== undefined && { file }), environment: process.env, flags: emptyLayer };
}
