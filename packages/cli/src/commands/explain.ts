import {
  conclude,
  dialogueNames,
  explain,
  renderDialogueLine,
  renderExplanationLive,
  renderSummary,
  runDialogue,
  terminalSettings,
  type Conclusion,
  type DialogueName,
  type ExplainEvent,
  type ExplainOptions,
  type RenderOptions,
} from "@sallyport/inspector";
import { buildCommand, type CommandContext } from "@stricli/core";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { type ExplainFileFlags, ExplainFiles, explainFileFlags } from "../explain-files.ts";
import { explicitPortOf, parseRemotePort, parseSeconds, targetParameter, type ServerTarget } from "../explain-flags.ts";
import { caFlag, commonFlags, switchFlag, type CommonFlags } from "../flags.ts";
import { trustOf } from "../server-trust.ts";

interface ExplainFlags extends CommonFlags, ExplainFileFlags {
  readonly explicitPort?: number;
  readonly implicitPort: number;
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly dialogue?: DialogueName;
  readonly timeout: number;
  readonly quiet?: boolean;
}

export const explainCommand = buildCommand({
  docs: {
    brief: "Show the two modes of TLS side by side, live, as somebody on the wire sees them",
    fullDescription: [
      "Connects to HOST in both modes at once, without logging in, and shows what crosses the wire: clear lines, TLS",
      "records and what can be read of them without keys, what is inside the encrypted ones by the keys of this end, where",
      "each connection turns to TLS, and what it costs.",
      "",
      "Exit codes: 0 whatever answers keeps a login secret, 1 something does not or the certificate is not verified,",
      "64 wrong command line, 66 cannot read FILE, 69 nothing answers, 73 cannot write a file.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [targetParameter],
    },
    flags: {
      explicitPort: {
        kind: "parsed",
        parse: parseRemotePort,
        brief: "Port that begins in clear (default: that of HOST:PORT, else 21)",
        placeholder: "PORT",
        optional: true,
      },
      implicitPort: {
        kind: "parsed",
        parse: parseRemotePort,
        brief: "Port that is TLS from the first octet",
        placeholder: "PORT",
        default: "990",
      },
      ca: caFlag,
      insecure: switchFlag("Leave the check of the certificate out"),
      dialogue: {
        kind: "enum",
        values: dialogueNames,
        brief: "Replay a dialogue with an ordinary program instead",
        placeholder: "DIALOGUE",
        optional: true,
      },
      ...explainFileFlags,
      timeout: {
        kind: "parsed",
        parse: parseSeconds,
        brief: "Longest wait for each step",
        placeholder: "SECONDS",
        default: "10",
      },
      quiet: switchFlag("Print the summary alone"),
      ...commonFlags,
    },
  },
  async func(this: CommandContext, flags: ExplainFlags, target: ServerTarget) {
    const { host } = target;
    const ports = { explicit: explicitPortOf(target, flags), implicit: flags.implicitPort };
    const { isTTY: isTerminal, columns } = process.stdout;
    const terminal = terminalSettings({ isTerminal, columns, environment: process.env });
    const run = flags.dialogue !== undefined ? replay : flags.json === true ? printJson : draw;
    const { process: ending }: ContextWithExitCode = this;
    const files = new ExplainFiles(flags);
    const events: ExplainEvent[] = [];
    const exitCode = await run({
      flags,
      host,
      events,
      options: {
        ...{ ports, timeoutMs: flags.timeout * 1000, octets: files.wantsOctets },
        ...(await trustOf(flags)),
        ...(files.capture && { capture: files.capture }),
      },
      drawing: { host, ports, ...terminal },
      write: (lines) => this.process.stdout.write(lines.map((line) => `${line}\n`).join("")),
    });
    await files.write({ host, ports }, events);
    ending.exitCode = exitCode;
  },
});

/** Stricli ends with the exit code that a command has set, which its type of a command's context does not say. */
interface ContextWithExitCode {
  readonly process: CommandContext["process"] & { exitCode?: ExitCode };
}

interface Run {
  readonly flags: ExplainFlags;
  readonly host: string;
  /** Where what happens is noted. */
  readonly events: ExplainEvent[];
  readonly options: ExplainOptions;
  readonly drawing: RenderOptions;
  write(lines: readonly string[]): void;
}

async function draw({ flags, host, events, options, drawing, write }: Run): Promise<ExitCode> {
  const noted = noting(explain(host, options), events);
  if (flags.quiet === true) {
    for await (const event of noted) void event;
    write(renderSummary(events, drawing).slice(1));
  } else {
    for await (const lines of renderExplanationLive(noted, drawing)) write(lines);
  }
  return exitCodeOf(conclude(events, drawing));
}

/** Writes one JSON line for each event as it happens, then one for what it comes to. */
async function printJson({ flags, host, events, options, drawing, write }: Run): Promise<ExitCode> {
  for await (const event of noting(explain(host, options), events)) {
    if (flags.quiet !== true) write([JSON.stringify(event)]);
  }
  const conclusion = conclude(events, drawing);
  write([JSON.stringify(conclusion)]);
  return exitCodeOf(conclusion);
}

async function replay({ flags, host, options, drawing, write }: Run): Promise<ExitCode> {
  if (flags.dialogue === undefined) return exitCodes.software;
  let asExpected = false;
  for await (const line of runDialogue(flags.dialogue, host, options)) {
    asExpected = line.asExpected === true;
    if (flags.quiet === true && line.kind !== "outcome") continue;
    write(flags.json === true ? [JSON.stringify(line)] : renderDialogueLine(line, drawing));
  }
  return asExpected ? exitCodes.ok : exitCodes.failure;
}

async function* noting(source: AsyncIterable<ExplainEvent>, events: ExplainEvent[]): AsyncGenerator<ExplainEvent> {
  for await (const event of source) {
    events.push(event);
    yield event;
  }
}

function exitCodeOf({ verdict }: Conclusion): ExitCode {
  return { sound: exitCodes.ok, flawed: exitCodes.failure, unreachable: exitCodes.unavailable }[verdict];
}
