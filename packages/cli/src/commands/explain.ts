import { once } from "node:events";
import {
  Capture,
  conclude,
  dialogueNames,
  explain,
  renderDialogueLine,
  renderExplanation,
  renderExplanationLive,
  renderSummary,
  runDialogue,
  strippedClients,
  terminalSettings,
  type Conclusion,
  type DialogueName,
  type ExplainEvent,
  type ExplainOptions,
  type RenderOptions,
  type StrippedClient,
} from "@sallyport/inspector";
import { buildCommand, type CommandContext } from "@stricli/core";
import { UsageError } from "@sallyport/protocol";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { type ExplainFileFlags, ExplainFiles, explainFileFlags, writePrivateFile } from "../explain-files.ts";
import { explicitPortOf, parseRemotePort, parseSeconds, targetParameter, type ServerTarget } from "../explain-flags.ts";
import {
  caFlag,
  commonFlags,
  parseText,
  passwordFlags,
  switchFlag,
  type CommonFlags,
  type PasswordFlags,
} from "../flags.ts";
import { stepOnTerminal } from "../step-on-terminal.ts";
import { findCredentials } from "../login/credentials.ts";
import { trustOf } from "../server-trust.ts";

interface ExplainFlags extends CommonFlags, ExplainFileFlags, PasswordFlags {
  readonly explicitPort?: number;
  readonly implicitPort: number;
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly user?: string;
  readonly stripped?: StrippedClient;
  readonly dialogue?: DialogueName;
  readonly web?: boolean;
  readonly step?: boolean;
  readonly timeout: number;
  readonly quiet?: boolean;
}

export const explainCommand = buildCommand({
  docs: {
    brief: "Show the two modes of TLS side by side, live, as somebody on the wire sees them",
    fullDescription: [
      "Connects to HOST in both modes at once, without logging in, and shows what crosses the wire: clear lines, TLS",
      "records and what can be read of them without keys, what is inside the encrypted ones by the keys of this end, where",
      "each connection turns to TLS, and what it costs. With --user it logs in as well, inside TLS, and fetches a listing",
      "over a data connection.",
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
      user: {
        kind: "parsed",
        parse: parseText,
        brief: "Who logs in, inside TLS, to show a data connection",
        placeholder: "NAME",
        optional: true,
      },
      ...passwordFlags,
      stripped: {
        kind: "enum",
        values: strippedClients,
        brief: "Show what such a client does where somebody in between takes AUTH away; it says a made-up name at most",
        placeholder: "CLIENT",
        optional: true,
      },
      step: switchFlag("Go through it step by step on the terminal, with the octets of each record"),
      web: switchFlag("Show it in a browser: serves a page on this machine alone, until Ctrl-C"),
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
    refuseContradictions(flags);
    const { host } = target;
    const ports = { explicit: explicitPortOf(target, flags), implicit: flags.implicitPort };
    const { isTTY: isTerminal, columns } = process.stdout;
    const terminal = terminalSettings({ isTerminal, columns, environment: process.env });
    const run = howOf(flags);
    const { process: ending }: ContextWithExitCode = this;
    const files = new ExplainFiles(flags);
    const events: ExplainEvent[] = [];
    const options: ExplainOptions = {
      ...{
        ports,
        timeoutMs: flags.timeout * 1000,
        octets: files.wantsOctets || flags.web === true || flags.step === true,
      },
      ...(await trustOf(flags)),
      ...(await credentialsOf(target, flags)),
      ...(flags.stripped && { stripped: flags.stripped }),
      ...(files.capture && { capture: files.capture }),
    };
    const exitCode = await run({
      ...{ flags, host, events, options },
      drawing: { host, ports, ...terminal, ...(flags.stripped && { stripped: flags.stripped }) },
      write: (lines) => this.process.stdout.write(lines.map((line) => `${line}\n`).join("")),
    });
    if (flags.web !== true) await files.write({ host, ports }, events, strippedRuns(host, options));
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

/** @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION */
function refuseContradictions({ dialogue, web, step, stripped, user, html, capture }: ExplainFlags): void {
  const fail = (text: string): never => {
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", text);
  };
  const ways = [dialogue !== undefined && "--dialogue", web === true && "--web", step === true && "--step"];
  const [one, other] = ways.filter((way) => way !== false);
  if (one !== undefined && other !== undefined) fail(`${one} and ${other} are two ways to show it: leave one out.`);
  if (stripped !== undefined && user !== undefined) {
    fail("--stripped logs in nowhere but in front of whoever took AUTH away: leave --user out.");
  }
  if (web === true && (html ?? capture) !== undefined) {
    fail("--web asks anew each time that the page is opened: leave --html and --capture out.");
  }
}

/** How it is shown. */
function howOf({ dialogue, web, step, json }: ExplainFlags): (run: Run) => Promise<ExitCode> {
  if (dialogue !== undefined) return replay;
  if (web === true) return serve;
  if (step === true) return stepThrough;
  return json === true ? printJson : draw;
}

/** Serves the page until a signal comes; each time that it is opened the server is asked anew. */
async function serve({ flags, host, options, drawing, write }: Run): Promise<ExitCode> {
  const { serveExplanation } = await import("@sallyport/web/explain-page");
  const run = (between: StrippedClient | undefined, signal: AbortSignal) =>
    explain(host, { ...options, ...(between && { stripped: between }), signal });
  await using page = await serveExplanation({ host, ports: drawing.ports }, run);
  write([flags.json === true ? JSON.stringify({ kind: "listening", url: page.url }) : `Both modes, live: ${page.url}`]);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  return exitCodes.ok;
}

async function stepThrough({ flags, host, events, options, drawing, write }: Run): Promise<ExitCode> {
  const capture = options.capture ?? new Capture();
  for await (const event of noting(explain(host, { ...options, capture }), events)) void event;
  if (!process.stdin.isTTY || !process.stdout.isTTY) write(renderExplanation(events, drawing));
  else {
    await stepOnTerminal(events, drawing, async () => {
      const file = flags.capture ?? stepCapture;
      await writePrivateFile(file, capture.pcapng());
      return `${file} written`;
    });
  }
  return exitCodeOf(conclude(events, drawing));
}

/** Where the key p of --step writes to where --capture does not say. */
const stepCapture = "sallyport-explain.pcapng";

/** What becomes of clients where somebody in between takes AUTH away, for a page that can show that as well. */
function strippedRuns(host: string, { capture: _none, credentials: _neither, ...options }: ExplainOptions) {
  return async (stripped: StrippedClient): Promise<readonly ExplainEvent[]> => {
    const events: ExplainEvent[] = [];
    for await (const event of explain(host, { ...options, stripped })) events.push(event);
    return events;
  };
}

/** Nobody logs in unless a user is named. */
async function credentialsOf(
  { host }: ServerTarget,
  flags: ExplainFlags,
): Promise<Pick<ExplainOptions, "credentials">> {
  if (flags.user === undefined) return {};
  const { user, password = "" } = await findCredentials({ host, isPasswordExposed: false }, flags);
  return { credentials: { user, password } };
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
