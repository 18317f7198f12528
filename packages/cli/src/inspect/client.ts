import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  asInspectReport,
  isAtLeast,
  renderClientReport,
  reportFormats,
  standardPorts,
  terminalSettings,
  tryClient,
  type ClientReport,
  type GradeLetter,
  type ProgramEnd,
  type ReportFormat,
  type TrialVisit,
} from "@sallyport/inspector";
import { ConfigError, escapeControls, UsageError } from "@sallyport/protocol";
import { writePrivateFile } from "../explain-files.ts";
import { underHeading } from "../command-facts.ts";
import { parseAddress, parseText, switchFlag } from "../flags.ts";
import { shellWord } from "../shell-word.ts";
import { inspectExitCodes, type InspectExitCode } from "./exit-code.ts";

/** Flags of `inspect` that are about clients; the others of it are about servers. */
export interface ClientTrialFlags {
  readonly client?: boolean;
  readonly run?: string;
  readonly runImplicit?: string;
  readonly listen?: string;
}

export const clientTrialFlags = underHeading("CLIENTS", {
  client: switchFlag("Grade an FTP client instead: listen in both modes, and be good and bad servers to it"),
  run: {
    kind: "parsed",
    parse: parseText,
    brief:
      "With --client: command that starts the client; {url} {host} {port} {file} {user} {password} {ca} stand for where to go",
    placeholder: "COMMAND",
    optional: true,
  },
  runImplicit: {
    kind: "parsed",
    parse: parseText,
    brief: "With --client: the command for implicit TLS, where it is another",
    placeholder: "COMMAND",
    optional: true,
  },
  listen: {
    kind: "parsed",
    parse: parseAddress,
    brief: "With --client: address to listen on (default: 127.0.0.1)",
    placeholder: "ADDRESS",
    optional: true,
  },
} as const);

/** What of the flags of `inspect` holds for clients as well. */
interface SharedFlags extends ClientTrialFlags {
  readonly explicitPort?: number | "off";
  readonly implicitPort: number | "off";
  readonly format?: ReportFormat;
  readonly json?: boolean;
  readonly output?: string;
  readonly minGrade?: GradeLetter;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly timeout: number;
}

/**
 * Grades an FTP client, writes the report and tells the exit code: whether the client is good enough, whether it came at
 * all, and whether to every trial.
 *
 * @throws {ConfigError} SALLYPORT_PORT_OCCUPIED, SALLYPORT_PORT_FORBIDDEN
 */
export async function inspectClient(flags: SharedFlags, write: (text: string) => void): Promise<InspectExitCode> {
  const { run, listen = "127.0.0.1" } = flags;
  const ports = trialPorts(flags);
  const host = listen === "127.0.0.1" || listen === "::1" ? "localhost" : listen;
  const { issueTrialIdentities } = await import("@sallyport/daemon");
  const identities = await issueTrialIdentities(["localhost", "127.0.0.1", "::1", listen], Date.now());
  const directory = await mkdtemp(join(tmpdir(), "sallyport-trials-"));
  try {
    const ca = join(directory, "ca.pem");
    await writeFile(ca, identities.authority);
    const report = await tryClient({
      ...{ identities, listen, host, ports },
      client: run ?? "the client",
      ...(run !== undefined && { launch: (visit: TrialVisit) => launched(flags, visit, { ca, directory }) }),
      onVisit: (visit) => process.stderr.write(run === undefined ? invitation(visit, ca) : progress(visit)),
    }).catch((error: unknown) => {
      throw listeningFailure(error, { listen, ports });
    });
    if (run !== undefined && process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    const drawn = drawnReport(report, flags);
    if (flags.output === undefined) write(drawn);
    else await writePrivateFile(flags.output, drawn);
    return exitCodeOf(report, flags.minGrade ?? "B");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION where servers are named with --client, or its flags stand without it. */
export function refuseClientFlags(flags: ClientTrialFlags, hostsCount: number): void {
  const own = [
    ["run", "--run"],
    ["runImplicit", "--run-implicit"],
    ["listen", "--listen"],
  ] as const;
  const given = own.find(([name]) => flags[name] !== undefined)?.[1];
  if (flags.client === true && hostsCount > 0) {
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", "--client waits for clients: leave HOST out.");
  }
  if (flags.client === true || given === undefined) return;
  throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", `${given} is about a client: give --client as well.`);
}

/** Where nothing is said the ports of `start`; a client that is started here is told whatever port is free. */
function trialPorts({ run, explicitPort, implicitPort }: SharedFlags) {
  const [explicit, implicit] = run === undefined ? [2121, 2990] : [0, 0];
  return {
    explicit: explicitPort === undefined || explicitPort === "off" ? explicit : explicitPort,
    implicit: implicitPort === "off" || implicitPort === standardPorts.implicit ? implicit : implicitPort,
  };
}

async function launched(
  { run, runImplicit, timeout }: SharedFlags,
  visit: TrialVisit,
  { ca, directory }: { readonly ca: string; readonly directory: string },
): Promise<ProgramEnd | undefined> {
  const template = visit.mode === "implicit" ? (runImplicit ?? run) : run;
  // A command that only knows a port would speak explicit TLS to the implicit one.
  const isFit = visit.mode === "explicit" || runImplicit !== undefined || template?.includes("{url}") === true;
  if (template === undefined || !isFit) return undefined;
  return runClient(filledIn(template, { ...visit, ca }), { directory, timeoutMs: timeout * 1000 });
}

function drawnReport(report: ClientReport, flags: SharedFlags): string {
  const format = flags.format ?? (flags.json === true ? "json" : undefined);
  if (format === "json") return `${JSON.stringify(report, undefined, 2)}\n`;
  if (format !== undefined) return reportFormats[format]([asInspectReport(report)]);
  const { isTTY: isTerminal, columns } = process.stdout;
  const drawing = terminalSettings({ isTerminal, columns, environment: process.env });
  const shown = { verbose: flags.verbose === true, quiet: flags.quiet === true };
  return renderClientReport(report, { ...drawing, ...shown })
    .map((line) => `${line}\n`)
    .join("");
}

function exitCodeOf({ grade, isPartial, findings }: ClientReport, minGrade: GradeLetter): InspectExitCode {
  if (findings.every(({ status }) => status === "not-tested")) return inspectExitCodes.unreachable;
  if (!isAtLeast(grade.overall, minGrade)) return inspectExitCodes.poor;
  return isPartial ? inspectExitCodes.partial : inspectExitCodes.good;
}

function progress({ number, total }: TrialVisit): string {
  return process.stderr.isTTY ? `\rtrial ${number} of ${total} ` : "";
}

/** What somebody does who starts the client by hand. */
function invitation(visit: TrialVisit, ca: string): string {
  const { number, total, mode, host, port, user, password, file } = visit;
  const where = `${mode} TLS, ${host} port ${port}, as ${user} with ${password}`;
  const first = [
    `The client is to trust ${ca} and nothing else, and to fetch ${file} each time. Let it refuse what it refuses.`,
    `curl, for one: curl --ssl-reqd --cacert ${ca} -u ${user}:${password} -O ${visit.url}${file}`,
    "",
  ];
  return `${number === 1 ? first.join("\n") : ""}${String(number).padStart(3)} of ${total}  connect: ${where}\n`;
}

function filledIn(
  template: string,
  values: Omit<TrialVisit, "number" | "total" | "mode"> & { readonly ca: string },
): string {
  return template.replace(/\{(url|host|port|file|user|password|ca)\}/g, (_, name: keyof typeof values) =>
    shellWord(String(values[name])),
  );
}

const saidBytesMax = 65_536;

/** Runs the command in a shell and in a directory of its own, and ends it with all that it started when the time is over. */
async function runClient(
  command: string,
  { directory, timeoutMs }: { readonly directory: string; readonly timeoutMs: number },
): Promise<ProgramEnd> {
  // An own one for each run: what a run before fetched or remembered shall not matter.
  const place = await mkdtemp(join(directory, "run-"));
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: place,
    env: { ...process.env, HOME: place },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  const hear = (octets: Buffer) => void (said = (said + octets.toString("utf8")).slice(-saidBytesMax));
  child.stdout.resume();
  child.stderr.on("data", hear);
  let isTimedOut = false;
  const deadline = setTimeout(() => {
    isTimedOut = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, timeoutMs);
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null)).once("close", resolve);
  });
  clearTimeout(deadline);
  return { exitCode, isTimedOut, said: escapeControls(tellingLine(said)).slice(0, 200) };
}

/** Most programs say first what is the matter; a traceback of Python says it last. */
function tellingLine(said: string): string {
  const lines = said.split(/[\r\n]+/).flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
  const [first = ""] = lines;
  return first.startsWith("Traceback") ? (lines.at(-1) ?? "") : first;
}

function listeningFailure(
  error: unknown,
  { listen, ports }: { readonly listen: string; readonly ports: ReturnType<typeof trialPorts> },
): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const which = `${ports.explicit} and ${ports.implicit} of ${listen}`;
  if (error.code === "EADDRINUSE") {
    const text = `One of the ports ${which} is in use: choose others with --explicit-port and --implicit-port.`;
    return new ConfigError("SALLYPORT_PORT_OCCUPIED", text, { cause: error });
  }
  if (error.code !== "EACCES") return error;
  const text = `This user may not listen on the ports ${which}: choose others from 1024 on.`;
  return new ConfigError("SALLYPORT_PORT_FORBIDDEN", text, { cause: error });
}
